"""Credit of the stages that write programs: by the hidden tests, and for fixes by the tests before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eval.numbers.selection import verdicts_of
from judge.judge import judge, run
from judge.verdict import TestCase, TestResult, Verdict
from optimize.credit.evidence import Credit, Episode, Step
from optimize.credit.of_tests import is_valid
from optimize.credit.outcome import outcome
from program.answers.claims import says_test_is_wrong
from program.answers.coercions import normalized
from program.bench.ai_tests import made_inputs, usable_output
from program.rollout.decisions import ChangeTried
from program.rollout.trace import name_of

SEEDS = 5  # to try a generator with


def of_code(step: Step, episode: Episode) -> Credit:
    """The metric of the program; proven if it reaches the threshold and the program passes the examples. A program that
    the flow saw end too late is not judged again."""
    if _ends_late(step.outputs["code"], episode):
        return Credit(0.0, False, (f"on an example the {episode.words.it} {episode.words.said(Verdict.TLE)}",))
    scored = episode.score(step.outputs["code"])
    rate = episode.measure(scored)
    right = rate >= episode.threshold and scored.public.passed == scored.public.total
    return Credit(rate, right, (outcome(scored, episode.words),))


def of_fix(step: Step, episode: Episode) -> Credit:
    """A fix is right if the failing test now passes, all passing tests still pass, and the metric did not fall.

    Only tests confirmed by known programs count. Proven if the fixed program also reaches the threshold.
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
    old, new = (0.0 if _ends_late(code, episode) else episode.rate(code) for code in (before, after))
    said = [
        "the failing test passes now" if passes else "the failing test still fails",
        f"it breaks {len(broken)} of {len(anchors)} tests that passed"
        if broken
        else "every test that passed still does",
        f"its share of further tests went from {old:.0%} to {new:.0%}",
    ]
    if normalized(before) == normalized(after):
        said.append(f"it is the same {episode.words.it} again")
    kept = passes and not broken and new >= old
    return Credit(new if kept else 0.0, kept and new >= episode.threshold, tuple(said))


def _ends_late(code: str, episode: Episode) -> bool:
    """Whether the flow saw the program reach the time limit on an example. On all tests that would take minutes."""
    return Verdict.TLE in verdicts_of(episode.trace.events, name_of(code), "public")


def of_analysis(step: Step, episode: Episode) -> Credit:
    """The words of an analysis get the credit of the fix that was made from them."""
    fixes = [each for each in episode.steps if each.stage == "FixCode"]
    made = next((each for each in fixes if each.inputs["analysis"] == step.outputs["analysis"]), None)
    if made is None:
        return Credit(0.0, False, ("no fix was made from it",))
    fixed = of_fix(made, episode)
    if fixed.proven and says_test_is_wrong("\n".join(step.outputs["analysis"])):
        return Credit(0.0, False, ("it says that the test is wrong, which it is not",))
    return replace(fixed, evidence=tuple(f"the fix made from it: {sentence}" for sentence in fixed.evidence))


def _test_of_fix(before: str, after: str, episode: Episode) -> TestCase | None:
    """The failing test that the fix was for."""
    names = name_of(before), name_of(after)
    for each in episode.trace.decisions:
        if isinstance(each, ChangeTried) and each.way == "fix" and (each.program, each.changed) == names:
            return TestCase(each.test_input, each.test_output)
    return None


def of_brute_force(step: Step, episode: Episode) -> Credit:
    """A slow, obvious program must be right only on small inputs: the examples, and the model's tests that known
    programs confirm."""
    code = step.outputs["code"]
    tests = [*episode.problem.tests(), *(test for test in episode.ai_tests() if is_valid(test, episode))]
    passed = sum(_passes(code, test, episode) for test in tests)
    share = passed / len(tests) if tests else 0.0
    return Credit(share, share == 1.0, (f"it passes {passed} of {len(tests)} small tests",))


def of_generator(step: Step, episode: Episode) -> Credit:
    """Right if it prints different inputs in the form of the examples, and known right programs agree on them."""
    if not episode.known.right:
        return Credit(0.0, False, (f"no right {episode.words.it} is known to check what it makes by",))
    problem = episode.problem
    # A generator always is a program that reads and prints, also for function problems.
    results = run(step.outputs["code"], [f"{seed}\n" for seed in range(1, SEEDS + 1)], problem.limits())
    made = {result.output for result in results if usable_output(result)}
    inputs = made_inputs(results, [test.input for test in problem.public_tests], problem.function)
    first, last = episode.known.right[0], episode.known.right[-1]
    truth = run(first, inputs, problem.limits(), checker=problem.checker())
    pairs = zip(inputs, truth, strict=True)
    ran = [TestCase(text, result.output) for text, result in pairs if usable_output(result, problem.function)]
    agreed = sum(_passes(last, test, episode) for test in ran)
    many = f"of what it makes for {SEEDS} seeds {len(made)} are different"
    said = f"{many}, and accepted {episode.words.it}s agree on {agreed}"
    return Credit(agreed / SEEDS, len(made) > 1 and agreed == len(made), (said,))


def _passes(code: str, test: TestCase, episode: Episode) -> bool:
    if not code.strip():
        return False
    return _results(code, [test], episode)[0].passed


def _results(code: str, tests: Sequence[TestCase], episode: Episode) -> list[TestResult]:
    return judge(code, tests, episode.problem.limits(), checker=episode.problem.checker()).results
