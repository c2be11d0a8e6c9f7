"""A language model that fails in every way we know of, by the roll of dice."""

import json
import random
import threading
from collections.abc import Callable

from dspy import lm15

from program.models.scripted import ScriptedEngine, prompt_text
from tests.support.scripted import FIRST_ONLY, GARBAGE, NEVER, RIGHT, USUAL, code, stage_of, written

HUGE = "9" * 300_000
PROGRAMS = (
    *(RIGHT, FIRST_ONLY, NEVER, "", "\n", "print(\n", "x = '\x00'\n", "pass\n", "print('x' * 100_000)\n"),
    *(f"raise {error}\n" for error in ("ValueError", "TimeoutError", "MemoryError", "BufferError", "RecursionError")),
    *(f"print(-{number})\n" for number in range(1, 8)),
)
TESTS = (
    [("3", "6")],
    [("3", "7"), ("4", "9"), ("5", "1")],  # wrong
    [("1", "7"), ("2", "0")],  # contradict public tests
    [(HUGE, "1"), ("3", HUGE)],
    [("", ""), (" ", " "), ("a b c", "d"), ("3\x00", "6"), ("3\ud83d", "6")],
    [(str(number), str(2 * number)) for number in range(40)],
)
FAULTS: tuple[Callable[[], Exception], ...] = (
    lambda: lm15.TimeoutError("late", provider="faulty"),
    lambda: lm15.RateLimitError("wait", provider="faulty", status=429),
    lambda: lm15.RateLimitError("wait", provider="faulty", status=429, retry_after=7.0),
    lambda: lm15.RateLimitError("wait", provider="faulty", status=429, retry_after=10.0**6),
    lambda: lm15.ServerError("down", provider="faulty", status=503),
    lambda: lm15.ServerError("down", provider="faulty", status=500),
)
TEXTS = (
    *("", " \n", GARBAGE, "{" * 400, "[" * 3000, "null", "[]"),
    *("{}", "3", '"text"', "```python\n```", "```", "\x00\ud83d"),
    "and then one more, " * 200,
    "```python\n" + "x = 1\n" * 2500,
    '{"tests": [' + '{"input": "3", "output": ' * 300,
    HUGE,
)


class FaultyEngine(ScriptedEngine):
    """Answers well, badly or not at all.

    Args:
        seed: decides on everything, together with the order of requests.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(())
        self._dice = random.Random(seed)
        # Some models are mostly sound, some are hardly ever.
        self._broken, self._down = self._dice.choice([0.1, 0.4, 0.8]), self._dice.choice([0.0, 0.2, 0.9])
        self._turn = threading.Lock()
        self.requests = self.tokens = 0

    def complete(self, request):
        with self._turn:
            self.requests += 1
            if self._dice.random() < self._down:
                raise self._dice.choice(FAULTS)()
            stage = stage_of(prompt_text(request))
            self._rule = lambda _: self._answer(stage)
            response = super().complete(request)
            self.tokens += response.usage.total_tokens
            return response

    def _answer(self, stage: str) -> str:
        dice, usual = self._dice, str(USUAL[stage])
        if dice.random() < self._broken:
            text = dice.choice(TEXTS)
            return dice.choice(
                [text, usual[: dice.randrange(len(usual))], usual + text, text + usual, self._odd(usual)]
            )
        others = ("SolveDirectly", "SolveWithLessons", "WriteBruteForce", "WriteGenerator")
        if "code" in stage.lower() or stage in others:
            return code(dice.choice(PROGRAMS))
        return written(*dice.choice(TESTS)) if stage == "WriteTests" else usual

    def _odd(self, usual: str) -> str:
        """The right fields with wrong counts or types."""
        try:
            fields = json.loads(usual)
        except ValueError:
            return usual
        name = self._dice.choice([*fields])
        value = fields[name]
        odd = [None, [], {}, 7, "text", [value], [[value]], [None, 3], list(value) * 30, {"a": value}]
        return json.dumps({**fields, name: self._dice.choice(odd)})
