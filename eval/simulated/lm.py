"""A simulated language model, for load tests and to check optimizers and statistics against a known truth.

It is never reported as a real model: its model names begin with `simulated/`, also in all stored results.
"""

from __future__ import annotations

import hashlib
import math
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dspy
from dspy import AdapterParseError, lm15

from eval.data.problem_set import ProblemSet
from eval.simulated.chances import skill_of
from eval.simulated.prompt import Prompt, problem_name, read_prompt
from eval.simulated.proposals import propose
from eval.simulated.replies import PLACEHOLDER, fill_schema, known_answer, written
from eval.simulated.skills import Skills
from eval.simulated.truth import Truth
from program.adapters.lean import LeanAdapter
from program.undocumented import DrawingLM, rollout_id

BROKEN = "That is hard to say, so here comes no answer in the wanted form."
WINDOW_SECONDS = 60.0


class SimulatedEngine:
    """An engine for `dspy.LM(engine=…)` that answers every stage with given probabilities.

    An answer is a function of the seed, the stage, the problem, the last user message, the `rollout_id` and the draw.
    The draw is the number of earlier answers to exactly the same prompt (system text and all messages) with the same
    `rollout_id`; at temperature 0 it is always 0. So runs are reproducible and independent of the order of prompts.
    Draws are counted in this process: a run that resumes is reproducible too, unless several programs of it send the
    same prompt. Threads that send the same prompt at once may swap its answers, but together get the same multiset.
    Faults and timeouts depend on the request's number and consume no answer. Demonstrations and instructions
    are not part of the function, so two programs with the same question get the same luck: their comparison is paired.
    Prompts in another order have their own luck. So demonstrations change the luck of a problem-first program: they
    change the order.

    A demonstration is good if its answer is known to be right for its problem. Stages without known right answers
    (reflection, proposals) have no skill to raise.

    Args:
        problems: that it can be asked about.
        skills: how well it answers.
        demo_problems: further splits of demonstrations, usually the split of the compilation; a demonstration of an
            unknown problem is not good.
        clock: returns seconds, for the rate limit.

    Raises:
        DataError: a problem has no right or no wrong program.
    """

    supports_response_schema = True
    supported_params = frozenset({"response_format", "temperature", "max_tokens"})

    def __init__(
        self,
        problems: ProblemSet,
        skills: Skills,
        demo_problems: Sequence[ProblemSet] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.skills = skills
        # The name distinguishes models with different skills, in reports and caches.
        prints = [each.fingerprint for each in (problems, *demo_problems)]
        digest = hashlib.sha256(repr((skills.model_dump_json(), prints)).encode()).hexdigest()
        self.model = f"simulated/{Path(problems.data).stem}-{digest[:8]}"
        self._truth = Truth([problems, *demo_problems])
        self._clock = clock
        self._lock = threading.Lock()
        self._requests: Counter[str] = Counter()
        self._good: dict[tuple[str, str, str], bool] = {}  # demonstrations, by stage
        self._draws: Counter[tuple[str, int | None]] = Counter()
        self._answered: deque[float] = deque()

    def complete(self, request: lm15.Request) -> lm15.Response:
        """Answer a request.

        Raises:
            RateLimitError: too many requests in the last minute; `retry_after` is the number of seconds to wait.
            ServerError, TimeoutError: as often as the skills say.
            ConfigurationError: the prompt belongs to a stage, but its problem is unknown.
        """
        prompt, rollout = read_prompt(request), rollout_id()
        with self._lock:
            self._admit()
            number = self._requests[prompt.digest]
            self._requests[prompt.digest] += 1
        if self.skills.latency_seconds:  # sleep(0) also takes time
            time.sleep(self.skills.latency_seconds)
        self._fail_sometimes(prompt, number)
        draw = 0
        if request.config.temperature != 0:
            with self._lock:
                draw = self._draws[prompt.digest, rollout]
                self._draws[prompt.digest, rollout] += 1
        which = draw if rollout is None else f"{draw} of rollout {rollout}"
        answer = self._answer(prompt, which, request.config.response_format)
        said = len(answer) * (1 - self.skills.demo_shortens if prompt.demos else 1)
        usage = lm15.Usage(input_tokens=self._tokens(prompt.characters), output_tokens=self._tokens(said))
        message = lm15.Message.assistant(answer)
        return lm15.Response(id=None, model=self.model, message=message, finish_reason="stop", usage=usage)

    def prepare(self, name: str) -> None:
        """Make the tests of a problem now (about a second) and not at first use."""
        self._truth.valid_tests(name)

    def solves(self, name: str, code: str) -> bool:
        """Whether a program from its answers is right."""
        return self._truth.solves(name, code)

    def close(self) -> None:
        """Does nothing: there are no resources."""

    def __deepcopy__(self, memo: dict[int, Any]) -> SimulatedEngine:
        """Returns itself: a copied LM is the same model, and draws continue."""
        return self

    def _admit(self) -> None:
        now, limit = self._clock(), self.skills.requests_per_minute
        while self._answered and now - self._answered[0] >= WINDOW_SECONDS:
            self._answered.popleft()
        if limit and len(self._answered) >= limit:
            wait = WINDOW_SECONDS - (now - self._answered[0])
            raise lm15.RateLimitError(
                "simulated: too many requests", provider="simulated", status=429, retry_after=wait
            )
        if limit:
            self._answered.append(now)

    def _fail_sometimes(self, prompt: Prompt, number: int) -> None:
        chance = self._random(prompt, "fault", number).random()
        if chance < self.skills.fault_rate:
            raise lm15.ServerError("simulated: fault", provider="simulated", status=500)
        if chance < self.skills.fault_rate + self.skills.timeout_rate:
            raise lm15.TimeoutError("simulated: timeout", provider="simulated", status=504)

    def _answer(self, prompt: Prompt, draw: int | str, response_format: dict[str, Any] | None) -> str:
        if prompt.signature is None:  # a question of an optimizer, or a check that the model answers
            schema = (response_format or {}).get("schema")
            share = self.skills.instruction_proposed if self.skills.instruction_gain else 0.0
            proposed = propose(prompt.system, prompt.user, self._random(prompt, "proposal", draw), share)
            return fill_schema(schema) if schema else proposed or PLACEHOLDER
        name = problem_name(prompt.user)
        if self._truth.problem(name) is None:
            raise lm15.ConfigurationError(f"the simulated LM knows no problem {name!r}", provider="simulated")
        chance = self._random(prompt, "answer", draw)
        if chance.random() < self.skills.format_broken:
            return BROKEN
        fields = known_answer(prompt, name, self._skill(prompt, name), chance, self._truth, self.skills)
        return written(prompt, name, fields, chance, self._truth, self.skills)

    def _skill(self, prompt: Prompt, name: str) -> float:
        """The probability of a right answer to this prompt, demonstrations included."""
        good = sum(self._is_good(prompt, user, answer) for user, answer in prompt.demos)
        return skill_of(prompt, name, self._truth.right_solution(name), good, self.skills)

    def _is_good(self, prompt: Prompt, user: str, answer: str) -> bool:
        key = prompt.stage, user, answer
        if key not in self._good:  # two threads may both compute it, which is harmless
            self._good[key] = self._is_right(prompt, problem_name(user), answer)
        return self._good[key]

    def _is_right(self, prompt: Prompt, name: str, answer: str) -> bool:
        if self._truth.problem(name) is None or prompt.signature is None:
            return False
        try:
            fields = LeanAdapter().parse(prompt.signature, answer)
        except AdapterParseError:
            return False
        return self._truth.is_right(prompt.stage, name, fields)

    def _random(self, prompt: Prompt, purpose: str, number: int | str) -> random.Random:
        return random.Random(repr((self.skills.seed, prompt.stage, prompt.user, purpose, number)))

    def _tokens(self, characters: float) -> int:
        return math.ceil(characters * self.skills.tokens_per_character)


def simulated_lm(problems: ProblemSet, skills: Skills, demo_problems: Sequence[ProblemSet] = ()) -> dspy.LM:
    """A `dspy.LM` over a `SimulatedEngine`, which is `lm.engine`.

    Raises:
        DataError: a problem has no right or no wrong program.
    """
    engine = SimulatedEngine(problems, skills, demo_problems)
    return DrawingLM(engine.model, engine=engine, cache=False)
