"""Solve, compile and evaluate in plain Python; each `# %%` begins a cell for editors that run cells.

It runs as a script too, with the simulated model unless another one is named:

    python -m examples.plain_python
    python -m examples.plain_python openai/gpt-4o-mini
"""

# %% The model and the problems
import sys
from pathlib import Path

import dspy

from eval.data.load import load_problems
from eval.evaluation.evaluate_programs import evaluate_programs
from eval.simulated.model import open_model
from eval.tables.comparison import compare
from optimize.compilation.compiling import compile_artifact
from optimize.optimizers.table import read_config
from program.artifact import load_program

MODEL = sys.argv[1] if len(sys.argv) > 1 else "simulated"  # in a notebook, write the name of your model here
OUT = Path(f"runs/plain-python-{MODEL.replace('/', '-')}")
problems = load_problems("pack", "test").select(limit=8)

# %% Solve: a program is a DSPy module, from a problem to a prediction with the code
flow = load_program("artifacts/handwritten")
with open_model(MODEL, problems) as lm, dspy.context(lm=lm):
    print(flow(problem=problems.problems[0]).code)

# %% Compile: the same keys as on the command line (docs/reference/keys.md)
settings = {"start": "artifacts/direct", "lm": MODEL, "optimizer": "verified", "limit": 12, "gate_problems": 8}
compile_artifact(read_config(None, settings), OUT / "compiled")

# %% Evaluate: on other problems, with hidden tests that no program has seen
programs = {
    name: load_program(folder) for name, folder in (("direct", "artifacts/direct"), ("compiled", OUT / "compiled"))
}
with open_model(MODEL, problems) as lm:
    rollouts = evaluate_programs(programs, problems, lm, OUT / "run")
print(f"{sum(each.status == 'solved' for each in rollouts)} of {len(rollouts)} rollouts are solved")

# %% Compare: a table, paired tests with intervals, and what each program costs
print(compare([OUT / "run"]))
