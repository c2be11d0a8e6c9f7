"""How many problems of a study fit into the given minutes, from the measured speed of its model."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from eval.data.problem_set import ProblemSet
from eval.simulated.model import open_model
from optimize.config import CompileConfig
from program.files import write_whole

FEWEST_PROBLEMS = 6  # with fewer no difference could be shown
ANSWERS, ANSWER_TOKENS = 4, 64  # of the measurement


class Fit(BaseModel):
    """How long a study may take. Its race, gate and evaluation each get as many problems as fit."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    minutes: float = Field(gt=0)
    """for compiling and evaluating"""
    measures: float = Field(gt=0)
    """total time per problem as a multiple of the measured time, which is the time of four parallel answers of 64
    tokens"""

    def problems(self, config: CompileConfig, evaluated: ProblemSet, out: Path) -> int:
        """How many problems fit; measured once and stored in `out`, so that a resumed study has the same number.

        Args:
            config: names the model.
            evaluated: the upper limit; the measurement uses the first of these problems.
            out: the folder of the study.

        Raises:
            ModelError: the model does not answer.
        """
        most, file = len(evaluated.problems), out / "fit.json"
        if file.is_file():
            return json.loads(file.read_text())["problems"]
        seconds = _measure(config, evaluated)
        count = max(min(FEWEST_PROBLEMS, most), min(most, int(60 * self.minutes / (self.measures * seconds))))
        out.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps({"seconds": round(seconds, 2), "problems": count}) + "\n")
        print(
            f"{ANSWERS} answers of {ANSWER_TOKENS} tokens took {seconds:.1f} s in parallel, "
            f"so {count} of {most} problems fit into {self.minutes:g} minutes"
        )
        return count


def _measure(config: CompileConfig, problems: ProblemSet) -> float:
    """Seconds."""
    asked = [problem.text() for problem in problems.problems[:ANSWERS]]
    with (
        open_model(config.lm, problems, api_base=config.api_base, slots=config.concurrency) as lm,
        ThreadPoolExecutor(ANSWERS) as threads,
    ):
        begin = time.monotonic()
        list(threads.map(lambda text: lm(text, max_tokens=ANSWER_TOKENS, cache=False), asked))
        return time.monotonic() - begin
