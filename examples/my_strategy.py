"""A strategy of your own, compared with the direct prompt: `python -m examples.my_strategy [MODEL]`."""

import sys

import dspy

from eval.data.load import load_problems
from eval.evaluation.evaluate_programs import evaluate_programs
from eval.simulated.model import open_model
from eval.tables.summary import markdown_table, summarize_arms
from program.artifact import load_program
from program.bench.readings import by_public_tests
from program.bench.workbench import Workbench
from program.problem import Problem
from program.stage.config import ProgramConfig
from program.stage.program import Program
from signatures.code import SolveDirectly, SolveStepByStep


class TwoWays(Program):
    """Draws a program from each of two prompts in turn, until one passes the public tests; four draws at most."""

    def __init__(self) -> None:
        super().__init__(ProgramConfig())
        # A stage is a dspy.Predict with bounds. Any dspy.Signature will do that has a field `code`.
        self.stages = [self.config.code_stage(SolveDirectly), self.config.code_stage(SolveStepByStep)]

    def forward(self, problem: Problem, sample: int = 0) -> dspy.Prediction:
        bench = Workbench(problem)  # runs programs on the public tests, in the sandbox; hidden tests are out of reach
        for draw in range(4):
            ask = self.stages[draw % 2]
            answer = ask(sample, draw, by_public_tests(bench), problem=problem.text())  # None: no program in the answer
            bench.add(answer.code if answer else "", "further" if draw else "first")
            if bench.passes_all_public(bench.best()):
                break
        return dspy.Prediction(code=bench.best())


if __name__ == "__main__":
    model = sys.argv[1] if len(sys.argv) > 1 else "simulated"
    out = f"runs/my-strategy-{model.replace('/', '-')}"
    problems = load_problems("pack", "test").select(limit=8)
    with open_model(model, problems) as lm:
        programs = {"direct": load_program("artifacts/direct"), "two-ways": TwoWays()}
        rollouts = evaluate_programs(programs, problems, lm, out)
    print(f"{lm.model}\n\n{markdown_table(summarize_arms(programs, rollouts))}\n\nreport: {out}/report.html")
