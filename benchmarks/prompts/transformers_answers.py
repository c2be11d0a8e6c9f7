"""Greedy answers of transformers to chat prompts, from the weights of a GGUF file as 32-bit floats.

    PYTHON benchmarks/prompts/transformers_answers.py FILE.gguf < prompts.json > answers.json

`by_transformers` runs it under an interpreter whose environment has torch and transformers. It imports nothing of ours.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

BATCH = 14
TOKENS = 420


def answer_all(weights: Path, prompts: list[list[dict[str, str]]]) -> list[str]:
    """The answers to `prompts`, each a list of chat messages; at most `TOKENS` tokens each."""
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    named = {"pretrained_model_name_or_path": str(weights.parent), "gguf_file": weights.name}
    tokenizer = transformers.AutoTokenizer.from_pretrained(**named, padding_side="left")
    model = transformers.AutoModelForCausalLM.from_pretrained(**named, dtype=torch.float32)
    ends = {"eos_token_id": tokenizer.convert_tokens_to_ids("<|im_end|>")}
    ends["pad_token_id"] = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    answers: list[str] = []
    for first in range(0, len(prompts), BATCH):
        texts = [
            tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
            for prompt in prompts[first : first + BATCH]
        ]
        given = tokenizer(texts, return_tensors="pt", padding=True)
        with torch.no_grad():
            drawn = model.generate(**given, max_new_tokens=TOKENS, do_sample=False, **ends)
        answers += tokenizer.batch_decode(drawn[:, given.input_ids.shape[1] :], skip_special_tokens=True)
        print(f"{len(answers)} of {len(prompts)} answers", file=sys.stderr)
    return answers


if __name__ == "__main__":
    print(json.dumps(answer_all(Path(sys.argv[1]), json.load(sys.stdin))))
