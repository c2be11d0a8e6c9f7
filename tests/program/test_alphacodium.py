"""The whole flow, over an LM that answers each stage by script."""

import threading
from collections import Counter

import dspy
import pytest
from dspy import LMConfigurationError, LMTimeoutError

from program.adapters.lean import LeanAdapter
from program.adapters.schema import answer_schema
from program.alphacodium import AlphaCodium
from program.models.scripted import ScriptedEngine, prompt_text
from program.problem import Problem
from program.rollout.context import new_trace
from program.rollout.trace import SILENT, Best
from program.steps.config import FlowConfig
from tests.support.scripted import (
    FIRST_ONLY,
    GARBAGE,
    NEVER,
    PLANNING,
    RIGHT,
    UNDERSTANDING,
    USUAL,
    Rollout,
    code,
    section,
    stage_of,
    written,
)
from tests.support.trace_words import words

pytestmark = pytest.mark.usefixtures("lean_adapter", "runs", "impatient")

BEFORE_CODE = [*UNDERSTANDING, *PLANNING, "WriteTests"]
BARE = Problem(name="Bare", description="Print twice the number.")
ONLY_PUBLIC = "n = int(input())\nprint(2 * n if n < 3 else 0)\n"  # right on the public tests


def run(problem, config=None, sample=0, **answers) -> Rollout:
    return Rollout(AlphaCodium(FlowConfig(**(config or {}))), problem, sample, **answers)


def judged(trace) -> list[tuple[str, list[str]]]:
    return [(run.tests, run.verdicts) for run in trace.judge_runs]


# The usual way


def test_a_first_program_that_passes_costs_one_call_a_stage(double, trace, runs):
    flow = run(double)
    assert flow.code == RIGHT
    assert Counter(flow.stages) == dict.fromkeys([*BEFORE_CODE, "WriteCode"], 1)
    assert Counter(call.stage for call in trace.calls) == Counter(flow.stages)
    assert judged(trace) == [("public", ["AC", "AC"]), ("ai", ["AC"])]
    assert not trace.decisions and not trace.marks and len(runs) == 3


def test_every_stage_is_told_what_the_stages_before_found_out(double):
    flow = run(double)
    assert all(section(prompt, "problem") == double.text() for _, prompt in flow.asked)
    for stage in (*PLANNING, "WriteTests", "WriteCode"):
        (prompt,) = flow.prompts(stage)
        assert section(prompt, "reflection") == "- the input is one number"  # once, though it was answered twice
        assert section(prompt, "explanations") == "- 1 + 1 is 2\n- 2 + 2 is 4"  # as many as there are examples
    (write,) = flow.prompts("WriteCode")
    assert "name: Shifting" in section(write, "solution") and section(write, "steps") == "- double it"


def test_fixing_begins_with_the_best_program_not_with_the_last(double):
    answers = [code(FIRST_ONLY), code(NEVER), code("raise ValueError\n")]
    flow = run(double, {"code_attempts": 3}, WriteCode=answers, FixCode=code(RIGHT))
    (fix,) = flow.prompts("FixCode")
    assert section(fix, "code") == FIRST_ONLY.strip() and "Expected output:\n4" in section(fix, "failure")
    assert flow.code == RIGHT


def test_tries_stay_within_their_limits(double):
    config = {"code_attempts": 1, "public_tries": 3, "fixes_per_program": 2}
    wrong = [code(f"print(-{number})\n") for number in range(1, 20)]
    flow = run(double, config, WriteCode=[code(NEVER), code("print(-1)\n")], FixCode=wrong)
    assert Counter(flow.stages)["FixCode"] == 2 and Counter(flow.stages)["WriteCode"] == 1 + 1


def test_a_redraw_is_written_from_the_next_solution_and_shown_the_failure(double, trace):
    flow = run(double, {"code_attempts": 2}, WriteCode=[code(NEVER), code(NEVER), code(RIGHT)], FixCode=code(NEVER))
    assert flow.code == RIGHT
    assert words(trace) == ["fix: the same program again", "redraw kept: WA became AC"]
    prompts = flow.prompts("WriteCode")
    solutions = [section(prompt, "solution").splitlines()[0] for prompt in prompts]
    assert solutions == ["name: Shifting", "name: Shifting", "name: Adding"]
    assert ["## failure" in prompt for prompt in prompts] == [False, False, True]
    assert "Expected output:\n2" in section(prompts[-1], "failure")


def test_where_no_program_passes_the_public_tests_ai_tests_are_not_looked_at(double, trace):
    flow = run(double, {"code_attempts": 1, "public_tries": 0}, WriteCode=code(NEVER))
    assert flow.code == NEVER and {kind for kind, _ in judged(trace)} == {"public"}
    assert "DeriveOutput" not in flow.stages and "FixCode" not in flow.stages


def test_no_program_on_the_way_was_better_than_the_answer(double, trace):
    seen = [code(text) for text in (NEVER, FIRST_ONLY, ONLY_PUBLIC, "raise ValueError\n", "print(\n", NEVER)]
    flow = run(double, {"code_attempts": 3, "ai_fixes": 3}, WriteCode=seen, FixCode=seen[::-1])
    best = [event.code for event in trace.events if isinstance(event, Best)]
    assert best == [NEVER, FIRST_ONLY, ONLY_PUBLIC] and flow.code == ONLY_PUBLIC


def test_every_list_the_flow_asks_for_is_bounded():
    program = AlphaCodium(
        FlowConfig(solutions=2, ai_tests=4, check_ai_tests=True, check_explanations=True, fix_calls=2)
    )
    bounds = {}
    for name, predictor in program.named_predictors():
        for field, schema in answer_schema(predictor.signature)["properties"].items():
            if schema["type"] == "array":
                bounds[f"{name.split('.')[-2]} {field}"] = schema["maxItems"]
    assert bounds == {
        "reflect reflection": 5,
        "explain_tests explanations": 5,
        "check_explanations checked": 5,
        "propose_solutions solutions": 2,
        "rank_solutions ranking": 2,
        "rank_solutions steps": 6,
        "write_tests tests": 4,
        "check_tests checked": 4,
        "derive_output steps": 12,
        "analyse_failure analysis": 4,
    }


def test_every_rollout_begins_anew(double):
    program = AlphaCodium(FlowConfig(code_attempts=1, public_tries=0, ai_fixes=0))
    assert Rollout(program, double).code == RIGHT
    assert Rollout(program, double, WriteCode=code(NEVER)).code == NEVER


# AI tests


def test_ai_tests_can_be_left_out(double, trace):
    flow = run(double, {"ai_tests": 0})
    assert flow.code == RIGHT and "WriteTests" not in flow.stages
    assert judged(trace) == [("public", ["AC", "AC"])]


@pytest.mark.parametrize("fix", ["print(7)\n", "n = int(input())\nprint(7 if n > 1 else 2 * n)\n", GARBAGE, RIGHT])
def test_a_wrong_ai_test_that_nothing_confirms_costs_no_fix(double, trace, fix):
    flow = run(double, WriteTests=written(("3", "7")), FixCode=code(fix) if fix != GARBAGE else fix)
    assert flow.code == RIGHT and "FixCode" not in flow.stages
    assert words(trace) == ["AI test 1: not confirmed by second derivation"]


@pytest.mark.parametrize("fix", ["print(7)\n", "n = int(input())\nprint(7 if n > 1 else 2 * n)\n"])
def test_a_wrong_ai_test_cannot_spoil_what_the_public_tests_show_even_where_it_is_confirmed(double, fix):
    again = '{"steps": ["a slip"], "output": "7"}'
    flow = run(double, WriteTests=written(("3", "7")), DeriveOutput=again, FixCode=code(fix))
    assert flow.code == RIGHT and "FixCode" in flow.stages


def test_a_confirmed_ai_test_improves_a_program_that_passes_the_public_tests(double, trace):
    flow = run(double, WriteCode=code(ONLY_PUBLIC), FixCode=code(RIGHT))
    assert flow.code == RIGHT
    assert words(trace) == ["AI test 1: confirmed by second derivation", "fix kept: WA became AC"]


def test_programs_that_pass_agree_on_what_ai_tests_expect(double, trace):
    config = {"code_attempts": 4, "code_at_once": 3}
    four = [code(NEVER), *(code(RIGHT + "pass\n" * number) for number in range(3))]
    flow = run(double, config, WriteCode=four, WriteTests=written(("3", "7")))
    assert not {"FixCode", "DeriveOutput"} & set(flow.stages) and flow.code.startswith(RIGHT)
    assert words(trace) == ["AI test 1: corrected by majority"]


# No public tests


def test_without_public_tests_most_of_three_programs_say_what_counts(trace):
    answers = [code(text) for text in (NEVER, RIGHT, f"{RIGHT}pass\n")]
    flow = run(BARE, WriteCode=answers, WriteTests=written(("3", "6"), ("4", "9")), FixCode=code(NEVER))
    assert "## explanations" not in flow.prompts("ProposeSolutions")[0] and "ExplainTests" not in flow.stages
    assert flow.code == RIGHT and {kind for kind, _ in judged(trace)} == {"ai"}
    assert words(trace) == ["AI test 1: confirmed by majority", "AI test 2: corrected by majority"]


def test_without_public_tests_a_confirmed_test_still_leads_to_a_fix(trace):
    flow = run(BARE, {"code_attempts": 1}, WriteCode=code(NEVER), FixCode=code(RIGHT))
    assert flow.code == RIGHT
    assert words(trace) == ["AI test 1: confirmed by second derivation", "fix kept: WA became AC"]


def test_without_any_tests_the_last_program_is_the_answer(runs):
    flow = run(BARE, {"ai_tests": 0, "code_attempts": 1}, WriteCode=code(NEVER))
    assert flow.code == NEVER and flow.stages[-1] == "WriteCode" and not runs


# Options


def test_both_validations_show_the_model_what_it_wrote(double):
    flow = run(double, {"check_explanations": True, "check_ai_tests": True})
    assert Counter(flow.stages) == dict.fromkeys([*BEFORE_CODE, "CheckExplanations", "CheckTests", "WriteCode"], 1)
    assert section(flow.prompts("ProposeSolutions")[0], "explanations") == "- 1 twice is 2\n- 2 twice is 4"


def test_brute_force_settles_the_ai_tests_and_finds_others(double, trace):
    config = {"brute_force": True, "stress_inputs": 40}
    flow = run(double, config, WriteCode=code(ONLY_PUBLIC), WriteTests=written(("3", "7")), FixCode=code(RIGHT))
    assert flow.code == RIGHT
    assert "AI test 1: corrected by brute force" in words(trace)
    assert "stress: the program fails 4 of 6 random inputs" in words(trace)
    assert words(trace)[-1] == "fix kept: WA became AC"


def test_a_brute_force_program_is_the_answer_where_no_other_passes(double, trace):
    slow = f"{RIGHT}# slowly\n"
    flow = run(double, {"brute_force": True}, WriteCode=code(NEVER), WriteBruteForce=code(slow))
    assert flow.code == slow and not any(decision.startswith("stress") for decision in words(trace))


def test_brute_force_that_fails_public_tests_is_left_aside(double, trace):
    flow = run(double, {"brute_force": True}, WriteBruteForce=code(NEVER))
    assert flow.code == RIGHT
    assert words(trace) == ["brute force: not trusted, because it does not pass all public tests"]


@pytest.mark.parametrize(("answers", "calls"), [([RIGHT], 1), ([NEVER, FIRST_ONLY, RIGHT], 3)])
def test_cheap_tries_come_first_where_asked_for(double, answers, calls):
    flow = run(double, {"direct_first": 3}, SolveDirectly=[code(text) for text in answers])
    assert flow.code == RIGHT and flow.stages == ["SolveDirectly"] * calls
    assert len({kwargs.get("rollout_id") for kwargs in flow.kwargs("SolveDirectly")}) == calls


def test_after_cheap_tries_have_failed_the_flow_begins_with_their_programs_on_the_bench(double):
    config = {"direct_first": 2, "code_attempts": 1, "public_tries": 1}
    flow = run(double, config, SolveDirectly=code(FIRST_ONLY), WriteCode=code(NEVER), FixCode=code(RIGHT))
    assert flow.stages[:2] == ["SolveDirectly"] * 2 and flow.code == RIGHT
    assert section(flow.prompts("FixCode")[0], "code") == FIRST_ONLY.strip()


@pytest.mark.parametrize(("fixes", "stages"), [([RIGHT], 1), ([FIRST_ONLY, RIGHT], 2)])
def test_cheap_tries_are_fixed_before_the_flow_begins_where_asked_for(double, fixes, stages):
    config = {"direct_first": 1, "direct_fixes": 3}
    flow = run(double, config, SolveDirectly=code(NEVER), FixCode=[code(text) for text in fixes])
    assert flow.code == RIGHT and flow.stages == ["SolveDirectly", *["FixCode"] * stages]


def test_a_program_that_was_fixed_before_the_flow_is_fixed_in_other_ways_within_it(double):
    config = {"direct_first": 1, "direct_fixes": 2, "code_attempts": 1, "public_tries": 2, "fixes_per_program": 2}
    flow = run(double, config, SolveDirectly=code(FIRST_ONLY), WriteCode=code(NEVER), FixCode=code(NEVER))
    asked = [kwargs.get("rollout_id") for kwargs in flow.kwargs("FixCode")]
    assert len(asked) == len({*asked}) == 4


def test_without_public_tests_a_cheap_try_proves_nothing():
    assert "WriteCode" in run(BARE, {"direct_first": 1, "direct_fixes": 1}).stages


def test_another_round_is_gone_through_only_while_tests_fail(double):
    config = {"rounds": 3, "code_attempts": 1, "public_tries": 0, "ai_fixes": 0}
    assert Counter(run(double, config).stages)["ReflectOnProblem"] == 1
    flow = run(double, config, WriteCode=[code(NEVER), code(RIGHT)])
    assert flow.code == RIGHT and Counter(flow.stages)["ReflectOnProblem"] == 2
    assert Counter(run(double, config, WriteCode=code(NEVER)).stages)["ReflectOnProblem"] == 3


def test_samples_and_rounds_draw_answers_of_their_own(double):
    config = {"rounds": 2, "code_attempts": 1, "public_tries": 0, "ai_fixes": 0}
    drawn = []
    for sample in range(3):
        flow = run(double, config, sample, WriteCode=code(NEVER))
        drawn += [kwargs.get("rollout_id") for kwargs in flow.kwargs("ReflectOnProblem")]
    assert len(drawn) == len(set(drawn)) == 6


# What goes wrong


@pytest.mark.parametrize("stage", BEFORE_CODE)
@pytest.mark.parametrize(("answer", "calls"), [(GARBAGE, 2), (LMTimeoutError("slow"), 1)], ids=["garbage", "timeout"])
def test_any_stage_before_the_code_may_be_given_up(double, trace, stage, answer, calls):
    flow = run(double, **{stage: answer})
    assert flow.code == RIGHT
    assert words(trace) == [f"{stage}: given up"]
    after = [other for other in BEFORE_CODE if other != stage and (stage, other) != tuple(PLANNING)]
    assert Counter(flow.stages) == {stage: calls, **dict.fromkeys(after, 1), "WriteCode": 1}


@pytest.mark.parametrize(
    ("answer", "outcome", "calls"),
    [(GARBAGE, "unparsable", 2), (LMTimeoutError("slow"), "lm_error", 1)],
    ids=["garbage", "timeout"],
)
def test_an_lm_of_no_use_ends_in_no_program_and_the_account_says_why(double, trace, runs, answer, outcome, calls):
    flow = run(double, {"code_attempts": 2}, **dict.fromkeys(USUAL, answer))
    assert flow.code == "" and not runs
    given_up = Counter([*UNDERSTANDING, "ProposeSolutions", "WriteTests", "WriteCode", "WriteCode"])
    assert Counter(words(trace)) == Counter({f"{stage}: given up": n for stage, n in given_up.items()})
    assert Counter(call.stage for call in trace.calls) == {stage: n * calls for stage, n in given_up.items()}
    assert {call.outcome for call in trace.calls} == {outcome} and all(call.fault for call in trace.calls)


def test_an_lm_that_answers_nothing_is_left_alone(double, trace):
    flow = run(double, **dict.fromkeys(USUAL, ""))
    assert flow.code == "" and SILENT <= len(flow.stages) <= SILENT + 1  # two are asked side by side
    assert f"the first {SILENT} calls returned nothing, so no more calls are made" in words(trace)


@pytest.mark.parametrize("stage", ["ExplainTests", "WriteTests", "WriteCode"])
def test_an_lm_that_is_set_up_wrongly_ends_the_flow_at_once(double, stage):
    with pytest.raises(LMConfigurationError, match="no such setting"):
        run(double, **{stage: LMConfigurationError("no such setting")})


@pytest.mark.parametrize("calls", range(1, 9))
def test_a_spent_budget_ends_the_flow_with_the_best_program_so_far(double, trace, calls):
    config = {"code_attempts": 4, "budget": {"calls": calls}, "rounds": 3}
    flow = run(double, config, WriteCode=code(FIRST_ONLY))
    assert len(flow.asked) == calls and trace.spent_budgets == [("rollout", "calls")]
    assert "WriteCode" in flow.stages, "one call is kept for a program"
    assert flow.code == FIRST_ONLY
    assert max(Counter(words(trace)).values()) == 1  # each stage says it once


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_a_call_is_kept_for_a_program_also_where_others_are_written_first(double, calls):
    config = {"brute_force": True, "time_fixes": 1, "check_explanations": True, "budget": {"calls": calls}}
    assert run(double, config, WriteCode=code(RIGHT)).code == RIGHT


def test_when_there_is_no_time_ai_tests_are_not_run(double, trace, monkeypatch):
    monkeypatch.setattr("program.rollout.trace.Trace.out_of_time", lambda self: True)
    flow = run(double, WriteCode=code(ONLY_PUBLIC), FixCode=code(RIGHT))
    assert flow.code == ONLY_PUBLIC and {kind for kind, _ in judged(trace)} == {"public"}


# Timing


class Held(ScriptedEngine):
    """Answers as usual, but `first` not before `then` was answered."""

    def __init__(self, first: str, then: str) -> None:
        super().__init__(lambda prompt: USUAL[stage_of(prompt)])
        self._first, self._then, self._answered = first, then, threading.Event()

    def complete(self, request):
        stage = stage_of(prompt_text(request))
        if stage == self._first:
            assert self._answered.wait(30)
        answer = super().complete(request)
        if stage == self._then:
            self._answered.set()
        return answer


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("ReflectOnProblem", "ExplainTests"),
        ("ExplainTests", "ReflectOnProblem"),
        ("WriteTests", "WriteCode"),
        ("ProposeSolutions", "WriteTests"),
        ("RankSolutions", "WriteBruteForce"),
        ("WriteBruteForce", "WriteCode"),
        ("WriteGenerator", "WriteBruteForce"),
    ],
)
def test_neither_the_result_nor_the_trace_depends_on_who_answers_first(double, first, then):
    lm = dspy.LM("scripted/lm", engine=Held(first, then), cache=False, num_retries=0)
    flow = AlphaCodium(FlowConfig(brute_force=True))
    with dspy.context(lm=lm, adapter=LeanAdapter(), trace=[]), new_trace() as trace:
        assert flow(problem=double).code == RIGHT
        asked = [stage_of(predictor.signature.instructions) for predictor, *_ in dspy.settings.trace]
    assert asked == [*UNDERSTANDING, *PLANNING, "WriteCode", "WriteTests", "WriteBruteForce", "WriteGenerator"]
    assert words(trace) == ["stress: the program fails 0 of 6 random inputs", "AI test 1: confirmed by brute force"]


@pytest.mark.parametrize("calls", [6, 7, 8, 10])
def test_not_all_calls_are_spent_on_preparation_while_no_program_passes(double, calls):
    """A direct draw that fails is a program too, but none to be satisfied with."""
    config = FlowConfig.model_validate({"direct_first": 3, "time_fixes": 1, "budget": {"calls": calls}})
    draws = [code(f"print({number})\n") for number in (0, 1, 3)]
    asked = Rollout(AlphaCodium(config), double, SolveDirectly=draws, WriteCode=code(RIGHT))
    assert asked.code == RIGHT and "WriteCode" in asked.stages


def test_the_largest_input_is_asked_for_once_and_only_for_a_program_that_passes(double):
    config = FlowConfig.model_validate({"rounds": 3, "time_fixes": 1})
    never = Rollout(AlphaCodium(config), double, WriteCode=code(NEVER), FixCode=code(NEVER))
    assert "WriteLargestInput" not in never.stages and never.stages.count("ReflectOnProblem") == 3
    some = code("n = int(input())\nprint(2 * n if n < 3 else 0)\n")
    first = Rollout(AlphaCodium(config), double, WriteCode=some, FixCode=some)
    assert first.stages.count("ReflectOnProblem") == 3 and first.stages.count("WriteLargestInput") == 1
