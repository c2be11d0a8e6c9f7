"""The whole flow, and the direct baseline, over an LM that answers each stage by script."""

from __future__ import annotations

import json
from collections import Counter
from itertools import chain, repeat

import dspy
import pytest
from dspy.utils.exceptions import LMConfigurationError, LMTimeoutError

from program.alphacodium import AlphaCodium
from program.answer_schema import answer_schema
from program.direct import Direct
from program.flow_config import FlowConfig
from program.problem import Problem
from program.scripted_lm import scripted_lm
from signatures.code import FixCode, SolveDirectly, WriteCode
from signatures.plan import ProposeSolutions, RankSolutions, WriteTests
from signatures.understand import ExplainTests, ReflectOnProblem

pytestmark = pytest.mark.usefixtures("lean_adapter", "runs")

STAGES = [
    *(ReflectOnProblem, ExplainTests, ProposeSolutions, RankSolutions, WriteTests, WriteCode, FixCode, SolveDirectly)
]
PLANNING = ["ReflectOnProblem", "ExplainTests", "ProposeSolutions", "RankSolutions", "WriteTests"]
RIGHT = "print(2 * int(input()))\n"
FIRST_ONLY = "print(2)\n"
NEVER = "print(0)\n"
GARBAGE = "That is hard to say."


def proposed(*names: str) -> str:
    return json.dumps(
        {
            "solutions": [
                {"name": n, "content": f"Do {n}.", "why_it_works": "it does", "complexity": "O(1)"} for n in names
            ]
        }
    )


def ranked(*names: str) -> str:
    return json.dumps({"ranking": names})


def written(*tests: tuple[str, str]) -> str:
    return json.dumps({"tests": [{"input": i, "output": o, "explanation": "checks"} for i, o in tests]})


def code(program: str) -> str:
    return f"```python\n{program}```"


USUAL = {
    "ReflectOnProblem": '{"reflection": ["the input is one number", "The  input is one number"]}',
    "ExplainTests": '{"explanations": ["1 + 1 is 2", "2 + 2 is 4", "a third that nobody asked for"]}',
    "ProposeSolutions": proposed("Adding", "Shifting", "Multiplying"),
    "RankSolutions": ranked("shifting", "Adding", "Multiplying"),
    "WriteTests": written(("3", "6")),
    "WriteCode": code(RIGHT),
    "FixCode": code(NEVER),
    "SolveDirectly": code(RIGHT),
}


class Flow:
    """One run of a program, with what its LM was asked. `answers`: for a stage one answer, or several in turn."""

    def __init__(self, problem, program, **answers):
        self.asked: list[tuple[str, str]] = []
        turns = {
            stage: chain(answer, repeat(answer[-1])) if isinstance(answer, list) else repeat(answer)
            for stage, answer in {**USUAL, **answers}.items()
        }

        def answer(prompt):
            stage = next(stage.__name__ for stage in STAGES if prompt.startswith(stage.instructions))
            self.asked.append((stage, prompt))
            return next(turns[stage])

        self.lm = scripted_lm(answer)
        with dspy.context(lm=self.lm):
            self.code = program(problem=problem).code

    @property
    def stages(self):
        return [stage for stage, _ in self.asked]

    def prompts(self, stage):
        return [prompt for asked, prompt in self.asked if asked == stage]


def run(problem, config=None, **answers) -> Flow:
    return Flow(problem, AlphaCodium(FlowConfig(**(config or {}))), **answers)


def section(prompt: str, name: str) -> str:
    return prompt.split(f"## {name}\n")[1].split("\n\n## ")[0]


def test_a_first_program_that_passes_costs_one_call_a_stage(double, account, runs):
    flow = run(double)
    assert flow.code == RIGHT
    assert flow.stages == [*PLANNING, "WriteCode"] == [call.stage for call in account.calls]
    assert [(judged.tests, judged.verdicts) for judged in account.judge_runs] == [
        ("public", ["AC", "AC"]),
        ("ai", ["AC"]),
    ]
    assert not account.decisions and len(runs) == 3


def test_every_stage_is_told_what_the_stages_before_found_out(double):
    flow = run(double)
    assert all(section(prompt, "problem") == double.text() for _, prompt in flow.asked)
    reflection = "- the input is one number"  # once, though it was answered twice
    assert {section(prompt, "reflection") for prompt in chain(*map(flow.prompts, ("ExplainTests", *PLANNING[4:])))} == {
        reflection
    }
    (propose,), (rank,), (write,) = map(flow.prompts, ("ProposeSolutions", "RankSolutions", "WriteCode"))
    assert section(propose, "explanations") == "- 1 + 1 is 2\n- 2 + 2 is 4"  # as many as there are examples
    assert section(propose, "count") == "3" and section(propose, "reflection") == reflection
    assert all(f"name: {name}" in section(rank, "solutions") for name in ("Adding", "Shifting", "Multiplying"))
    assert "name: Shifting" in section(write, "solution") and "Adding" not in write


def test_the_best_solution_is_tried_twice_then_those_down_the_ranking(double):
    flow = run(double, {"code_attempts": 6, "public_fixes": 0, "ai_fixes": 0}, WriteCode=code(NEVER))
    tried = [section(prompt, "solution").splitlines()[0] for prompt in flow.prompts("WriteCode")]
    best, second, third = "name: Shifting", "name: Adding", "name: Multiplying"
    assert tried == [best, best, second, third, best, second]


def test_every_attempt_is_another_draw(double):
    flow = run(double, {"code_attempts": 4, "public_fixes": 0, "ai_fixes": 0}, WriteCode=code(NEVER))
    drawn = [entry["kwargs"].get("rollout_id") for entry in flow.lm.history[len(PLANNING) :]]
    assert len(drawn) == len(set(drawn)) == 4


def test_attempts_end_with_the_first_program_that_passes(double):
    flow = run(double, WriteCode=[code(NEVER), code(FIRST_ONLY), code(RIGHT), code(NEVER)])
    assert flow.code == RIGHT and flow.stages[5:] == ["WriteCode"] * 3


def test_fixing_begins_with_the_best_program_not_with_the_last(double):
    answers = [code(FIRST_ONLY), code(NEVER), code("raise ValueError\n")]
    flow = run(double, {"code_attempts": 3}, WriteCode=answers, FixCode=code(RIGHT))
    (fix,) = flow.prompts("FixCode")
    assert section(fix, "code") == FIRST_ONLY.strip() and "Expected output:\n4" in section(fix, "failure")
    assert flow.code == RIGHT


def test_fixes_stay_within_their_budgets(double):
    config = {"code_attempts": 1, "public_fixes_per_test": 2, "public_fixes": 3, "ai_fixes": 1}
    flow = run(double, config, WriteCode=code(NEVER), WriteTests=written(("3", "6"), ("4", "8")))
    assert Counter(flow.stages)["FixCode"] == 3 + 1


def test_the_best_program_seen_is_the_answer_not_the_one_fixing_ended_with(double, account):
    passes_the_ai_test = "print(6 if input() == '3' else '0\\n0')\n"
    flow = run(double, {"code_attempts": 1, "public_fixes": 0}, WriteCode=code(NEVER), FixCode=code(passes_the_ai_test))
    assert account.decisions == ["fix kept: WA became AC"]  # no public test passes, so there is no anchor to break
    assert flow.code == NEVER  # which is closer on the public tests


@pytest.mark.parametrize("answer", [proposed("Adding"), proposed("Adding", "ADDING")], ids=["one", "a repeat"])
def test_one_solution_is_not_ranked(double, answer):
    flow = run(double, ProposeSolutions=answer)
    assert flow.code == RIGHT and "RankSolutions" not in flow.stages
    assert "name: Adding" in section(flow.prompts("WriteCode")[0], "solution")


def test_more_than_was_asked_for_is_not_used(double, runs):
    config = {"solutions": 2, "ai_tests": 1}
    flow = run(double, config, WriteTests=written(("3", "6"), ("5", "10")))
    assert "Multiplying" not in flow.prompts("RankSolutions")[0]
    assert [test.input for _, test in runs] == ["1\n", "2\n", "3\n"]


def test_every_list_the_flow_asks_for_is_bounded():
    program = AlphaCodium(FlowConfig(solutions=2, ai_tests=4))
    bounds = {}
    for name, predictor in program.named_predictors():
        for schema in answer_schema(predictor.signature)["properties"].values():
            if schema["type"] == "array":
                bounds[name.removesuffix(".predict")] = schema["maxItems"]
    assert set(bounds) == {"reflect", "explain_tests", "propose_solutions", "rank_solutions", "write_tests"}
    assert bounds["propose_solutions"] == bounds["rank_solutions"] == 2 and bounds["write_tests"] == 4


@pytest.mark.parametrize("stage", PLANNING)
@pytest.mark.parametrize("answer", [GARBAGE, LMTimeoutError("slow")], ids=["garbage", "timeouts"])
def test_any_planning_stage_may_be_given_up(double, account, stage, answer):
    flow = run(double, **{stage: answer})
    assert flow.code == RIGHT
    assert account.decisions == [f"{stage}: given up after 2 calls"]
    after = [other for other in PLANNING if other != stage and (stage, other) != ("ProposeSolutions", "RankSolutions")]
    assert Counter(flow.stages) == {stage: 2, **dict.fromkeys(after, 1), "WriteCode": 1}


def test_without_a_ranking_solutions_keep_their_order_and_without_solutions_code_is_written_all_the_same(double):
    assert "name: Adding" in section(run(double, RankSolutions=GARBAGE).prompts("WriteCode")[0], "solution")
    assert "## solution" not in run(double, ProposeSolutions=GARBAGE).prompts("WriteCode")[0]


@pytest.mark.parametrize(
    ("answer", "outcome"), [(GARBAGE, "unparsable"), (LMTimeoutError("slow"), "lm_error")], ids=["garbage", "timeouts"]
)
def test_an_lm_of_no_use_ends_in_no_program_and_the_account_says_why(double, account, runs, answer, outcome):
    flow = run(double, {"code_attempts": 2}, **dict.fromkeys(USUAL, answer))
    assert flow.code == "" and not runs
    given_up = ["ReflectOnProblem", "ExplainTests", "ProposeSolutions", "WriteTests", "WriteCode", "WriteCode"]
    assert account.decisions == [f"{stage}: given up after 2 calls" for stage in given_up]
    assert [call.stage for call in account.calls] == [stage for stage in given_up for _ in range(2)]
    assert {call.outcome for call in account.calls} == {outcome} and all(call.detail for call in account.calls)


def test_an_lm_that_is_set_up_wrongly_ends_the_flow_at_once(double):
    with pytest.raises(LMConfigurationError, match="no such setting"):
        run(double, ExplainTests=LMConfigurationError("no such setting"))


def test_without_public_tests_there_is_nothing_to_explain_and_the_ai_tests_remain(account):
    bare = Problem(name="Bare", description="Print twice the number.")
    flow = run(bare, WriteCode=code(NEVER), FixCode=code(RIGHT))
    assert flow.stages == ["ReflectOnProblem", *PLANNING[2:], "WriteCode", "FixCode"]
    assert "## explanations" not in flow.prompts("ProposeSolutions")[0]
    assert flow.code == RIGHT and {judged.tests for judged in account.judge_runs} == {"ai"}


def test_without_any_tests_the_first_program_is_the_answer(runs):
    flow = run(Problem(name="Bare", description="Print twice the number."), {"ai_tests": 0}, WriteCode=code(NEVER))
    assert flow.code == NEVER and flow.stages[-1] == "WriteCode" and not runs


def test_ai_tests_can_be_left_out(double, account):
    flow = run(double, {"ai_tests": 0})
    assert flow.code == RIGHT and flow.stages == [*PLANNING[:4], "WriteCode"]
    assert {judged.tests for judged in account.judge_runs} == {"public"}


def test_ai_tests_that_say_nothing_new_are_dropped(double, account, runs):
    tests = [(" 1 ", "7"), ("2\n\n", "4"), ("", "0"), ("5", " "), ("3", "6"), ("\n3\n", "9"), ("9" * 20_001, "1")]
    flow = run(double, {"ai_tests": 9}, WriteTests=written(*tests))
    assert flow.code == RIGHT and "FixCode" not in flow.stages
    assert [(test.input, test.output) for _, test in runs] == [("1\n", "2\n"), ("2\n", "4\n"), ("3\n", "6\n")]
    assert account.decisions == ["AI tests: 6 of 7 dropped as empty, huge or repeated"]


@pytest.mark.parametrize("fix", ["print(7)\n", "n = int(input())\nprint(7 if n > 1 else 2 * n)\n", GARBAGE, RIGHT])
def test_a_wrong_ai_test_cannot_spoil_a_program_that_passes_the_public_tests(double, account, fix):
    flow = run(double, WriteTests=written(("3", "7")), FixCode=code(fix) if fix != GARBAGE else fix)
    assert flow.code == RIGHT
    assert set(flow.stages[6:]) == {"FixCode"}
    assert account.decisions[-1].startswith(("fix reverted", "FixCode: given up", "fix: the same program"))


def test_a_right_ai_test_improves_a_program_that_passes_the_public_tests(double, account):
    only_public = "n = int(input())\nprint(2 * n if n < 3 else 0)\n"
    flow = run(double, WriteCode=code(only_public), FixCode=code(RIGHT))
    assert flow.code == RIGHT and account.decisions == ["fix kept: WA became AC"]


def test_every_rollout_begins_anew(double):
    program = AlphaCodium(FlowConfig(code_attempts=1, public_fixes=0, ai_fixes=0))
    assert Flow(double, program).code == RIGHT
    assert Flow(double, program, WriteCode=code(NEVER)).code == NEVER


# The direct baseline


def test_direct_is_one_call(double, account, runs):
    flow = Flow(double, Direct())
    assert flow.code == RIGHT and flow.stages == ["SolveDirectly"] and not runs
    assert section(flow.asked[0][1], "problem") == double.text()
    assert [call.outcome for call in account.calls] == ["ok"]


@pytest.mark.parametrize(
    ("answer", "outcome"), [(GARBAGE, "unparsable"), (LMTimeoutError("slow"), "lm_error")], ids=["garbage", "timeouts"]
)
def test_direct_has_no_second_try(double, account, answer, outcome):
    flow = Flow(double, Direct(), SolveDirectly=[answer, code(RIGHT)])
    assert flow.code == "" and flow.stages == ["SolveDirectly"]
    assert [call.outcome for call in account.calls] == [outcome]
    assert account.decisions == ["SolveDirectly: given up after 1 calls"]
