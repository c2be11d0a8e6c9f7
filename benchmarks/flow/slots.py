"""The best number of parallel requests for the embedded LM: `python -m benchmarks.flow.slots [MODEL] [--slots 1 2 4
8]`.

Every number of slots gets the same 24 short requests (direct prompt, 120 answer tokens, temperature 0). The total time
is measured. On a noisy machine, compare only within one run.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor

from eval.data.load import load_problems
from program.models.names import DEFAULT_MODEL
from program.models.open import open_lm

REQUESTS = 24
ANSWER_TOKENS = 120


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.flow.slots", description="Throughput of the embedded LM by slots."
    )
    parser.add_argument("model", nargs="?", default=DEFAULT_MODEL)
    parser.add_argument("--slots", nargs="+", type=int, default=[1, 2, 4, 8])
    options = parser.parse_args()
    prompts = [f"Write a Python program.\n\n{problem.text()}" for problem in load_problems("pack", "valid").problems]
    print("| slots | seconds | prompt tokens/s | answer tokens/s |\n| --- | --- | --- | --- |")
    for slots in options.slots:
        with open_lm(options.model, slots=slots) as lm:

            def ask(prompt: str, lm=lm) -> None:
                lm(prompt, max_tokens=ANSWER_TOKENS, temperature=0.0)

            begin = time.perf_counter()
            with ThreadPoolExecutor(slots) as pool:
                list(pool.map(ask, prompts[:REQUESTS]))
            seconds = time.perf_counter() - begin
            read = sum(entry["usage"]["prompt_tokens"] for entry in lm.history)
            written = sum(entry["usage"]["completion_tokens"] for entry in lm.history)
        print(f"| {slots} | {seconds:.1f} | {read / seconds:.0f} | {written / seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
