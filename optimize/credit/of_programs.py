"""Credit of the stages that write programs: by the hidden tests, and for fixes by the tests before and after."""

from __future__ import annotations

from collections.abc import Sequence

from judge.judge import judge
from judge.verdict import TestCase, TestResult
from optimize.credit.evidence import Credit, Episode, Step, plain
from optimize.credit.of_tests import is_valid
from optimize.credit.outcome import outcome
from program.rollout.decisions import ChangeTried
from program.rollout.trace import name_of

SEEDS = 5  # that a generator is tried with


def of_code(step: Step, episode: Episode) -> Credit:
    """The metric of the program; proven from the threshold on, when it passes the examples too."""
    scored = episode.score(step.outputs["code"])
    rate = episode.measure(scored)
    right = rate >= episode.threshold and scored.public.passed == scored.public.total
    return Credit(rate, right, (outcome(scored, "the program"),))


def of_fix(step: Step, episode: Episode) -> Credit:
    """A fix is right when the failing test passes now, every test that passed still does, and the metric did not fall.

    Only tests count that known programs confirm. Proven when the fixed program is also right by the threshold.
    """
    before, after = step.inputs["code"], step.outputs["fixed_code"]
    target = _test_of_fix(before, after, episode)
    if target is None:
        return Credit(0.0, False, ("the flow did not run it",))
    tests = [*episode.problem.tests(), *episode.ai_tests()]
    if not is_valid(target, episode):
        return Credit(0.0, False, ("the test that the fix is for is wrong itself",))
    passes = _passes(after, target, episode)
    anchors = [test for test in tests if test != target and _passes(before, test, episode)]
    broken = [test for test in anchors if not _passes(after, test, episode) and is_valid(test, episode)]
    old, new = episode.rate(before), episode.rate(after)
    said = [
        "the failing test passes now" if passes else "the failing test still fails",
        f"it breaks {len(broken)} of {len(anchors)} tests that passed"
        if broken
        else "every test that passed still does",
        f"its share of further tests went from {old:.0%} to {new:.0%}",
    ]
    if plain(before) == plain(after):
        said.append("it is the same program again")
    kept = passes and not broken and new >= old
    return Credit(new if kept else 0.0, kept and new >= episode.threshold, tuple(said))


def _test_of_fix(before: str, after: str, episode: Episode) -> TestCase | None:
    """The failing test that a fix was made for."""
    names = name_of(before), name_of(after)
    for each in episode.trace.decisions:
        if isinstance(each, ChangeTried) and each.way == "fix" and (each.program, each.changed) == names:
            return TestCase(each.test_input, each.test_output)
    return None


def of_brute_force(step: Step, episode: Episode) -> Credit:
    """A slow, obvious program need only be right on small inputs: the examples, and the model's tests that known
    programs confirm."""
    code = step.outputs["code"]
    tests = [*episode.problem.tests(), *(test for test in episode.ai_tests() if is_valid(test, episode))]
    passed = sum(_passes(code, test, episode) for test in tests)
    share = passed / len(tests) if tests else 0.0
    return Credit(share, share == 1.0, (f"it passes {passed} of {len(tests)} small tests",))


def of_generator(step: Step, episode: Episode) -> Credit:
    """Right when it prints different inputs, and known right programs run on them and agree."""
    seeds = [TestCase(f"{seed}\n", "") for seed in range(1, SEEDS + 1)]
    made = {result.output for result in _results(step.outputs["code"], seeds, episode) if not result.crashed}
    if not episode.known.right:
        return Credit(0.0, False, ("no right program is known to check its inputs by",))
    inputs = sorted(text for text in made if text.strip())
    first, last = episode.known.right[0], episode.known.right[-1]
    truth = _results(first, [TestCase(text, "") for text in inputs], episode) if inputs else []
    ran = [TestCase(text, result.output) for text, result in zip(inputs, truth, strict=True) if not result.crashed]
    agreed = sum(_passes(last, test, episode) for test in ran)
    said = f"of its inputs for {SEEDS} seeds {len(inputs)} are different, and accepted programs agree on {agreed}"
    return Credit(agreed / SEEDS, len(inputs) > 1 and agreed == len(inputs), (said,))


def _passes(code: str, test: TestCase, episode: Episode) -> bool:
    if not code.strip():
        return False
    return _results(code, [test], episode)[0].passed


def _results(code: str, tests: Sequence[TestCase], episode: Episode) -> list[TestResult]:
    return judge(code, tests, episode.problem.limits(), checker=episode.problem.checker()).results
