"""What the tests of the simulated LM share: a few problems, sure and even skills, and how to ask."""

import math
from functools import cache

import dspy
from dspy.lm15 import Message, Request

from eval.data.load import load_problems
from eval.data.problem_set import ProblemSet
from eval.simulated.lm import SimulatedEngine
from eval.simulated.skills import Skills
from eval.simulated.truth import Truth
from program.adapters.lean import LeanAdapter
from signatures.code import SolveDirectly

SURE = Skills(code_right=1, fix_repairs=1, ai_test_valid=1, ranking_right=1, format_broken=0)
EVEN = Skills(code_right=0.5, fix_repairs=0.5, ai_test_valid=0.5, ranking_right=0.5, format_broken=0)


@cache
def some_problems() -> ProblemSet:
    return load_problems("pack", "valid").select(8)


@cache
def truth() -> Truth:
    return Truth([some_problems()])


def skilled(base: Skills, **changes: float) -> Skills:
    return Skills(**{**base.model_dump(), **changes})


def ask(lm, signature, demos=(), temperature=0.7, **inputs) -> dspy.Prediction:
    with dspy.context(adapter=LeanAdapter()):
        return dspy.Predict(signature)(lm=lm, demos=list(demos), config={"temperature": temperature}, **inputs)


def said(engine: SimulatedEngine, messages: list[dict[str, str]]) -> str:
    """The answer to messages as adapters make them, the first of which is the system's."""
    made = {"user": Message.user, "assistant": Message.assistant}
    system, *others = messages
    asked = [made[each["role"]](each["content"]) for each in others]
    return engine.complete(Request(model="m", system=system["content"], messages=asked)).message.text or ""


def codes(lm, text: str, draws: int = 1, **asked) -> list[str]:
    return [ask(lm, SolveDirectly, problem=text, **asked).code.strip() for _ in range(draws)]


def known_right(name: str) -> set[str]:
    return {program.strip() for program in some_problems().known(name).right}


def within_four_sigma(hits: int, draws: int, probability: float) -> bool:
    return abs(hits - draws * probability) <= 4 * math.sqrt(draws * probability * (1 - probability))
