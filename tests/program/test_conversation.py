"""The flow as one conversation: the same stages as turns, whose prompts all begin as an earlier one with its answer."""

from typing import Any

import dspy
import pytest
from dspy.lm15 import ContextLengthError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimize.job.copying import demonstrated
from program import artifact
from program.adapters.lean import LeanAdapter
from program.adapters.sections import ABOVE, AT_THE_TOP, TASK
from program.adapters.yaml.adapter import YAMLAdapter
from program.alphacodium import AlphaCodium
from program.artifact import new_program
from program.baselines.reflexion import Reflexion, ReflexionConfig
from program.models.scripted import scripted_lm
from program.paid.ledger import Ledger
from program.paid.ledger_engine import paid_lm
from program.paid.paid_calls import PaidCalls
from program.rollout.context import new_trace, within
from program.rollout.decisions import ConversationBegun
from program.rollout.trace import Call, Trace
from program.stage.correction import REQUEST
from program.steps.config import FlowConfig
from tests.support.paths import ROOT
from tests.support.scripted import (
    EVERYTHING,
    FIRST_ONLY,
    GARBAGE,
    NEVER,
    RIGHT,
    SECOND_ONLY,
    USUAL,
    Rollout,
    code,
    section,
    stage_of,
    written,
)

pytestmark = pytest.mark.usefixtures("runs", "impatient")

APART = {"SolveDirectly", "DeriveOutput", "WriteBruteForce", "WriteGenerator", "WriteLargestInput", "WriteValidator"}
FAILING = {"WriteCode": [code(NEVER), code(FIRST_ONLY)], "FixCode": [code(SECOND_ONLY), code(RIGHT)]}
TWO_FIXES: dict[str, Any] = {"fixes_per_program": 2, "code_attempts": 1}


def flow(**config: Any) -> Any:
    program = AlphaCodium(FlowConfig(order="conversation", **config))
    program.adapter = LeanAdapter("conversation")
    return program


def talked(problem, program=None, **answers) -> list[Call]:
    """The calls of one rollout."""
    with new_trace() as trace:
        Rollout(program or flow(), problem, **answers)
    return trace.calls


def failing() -> Any:
    """An LM whose programs are all wrong."""
    answers: dict[str, Any] = {**USUAL, "WriteCode": code(NEVER)}
    return scripted_lm(lambda prompt: answers[stage_of(prompt)])


def of(stage: str, calls) -> list[Call]:
    return [call for call in calls if call.stage == stage]


def messages(call: Call) -> list[tuple[str, str]]:
    return [(each.role, each.content) for each in call.prompt]


def with_answer(call: Call) -> list[tuple[str, str]]:
    return [*messages(call), ("assistant", call.answer)]


def goes_on(call: Call, earlier: list[Call]) -> bool:
    """Whether a prompt is the problem or an earlier prompt with its answer, and after that one turn."""
    *before, asked = messages(call)[: -2 if call.repair else None]
    if len(before) == 1:
        return before[0][0] == "system" and call.stage in APART | {"ReflectOnProblem"}
    return asked[0] == "user" and any(with_answer(each) == before for each in earlier if each.outcome == "ok")


# What is asked


def test_a_turn_has_what_it_adds_and_the_earlier_ones_stand_before_it(double):
    calls = talked(double)
    reflect, explain = of("ReflectOnProblem", calls)[0], of("ExplainTests", calls)[0]
    assert messages(reflect)[0] == ("system", f"## problem\n{double.text().strip()}")
    assert messages(explain)[:-1] == with_answer(reflect)
    asked = messages(of("WriteCode", calls)[0])
    assert [role for role, _ in asked] == ["system", *["user", "assistant"] * 4, "user"]
    assert section(asked[-1][1], "explanations").startswith(ABOVE)
    assert "## solution\nname: Shifting" in asked[-1][1] and double.description not in asked[-1][1]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_prompt_begins_as_an_earlier_one_with_its_answer(double, data):
    programs = st.lists(st.sampled_from([RIGHT, FIRST_ONLY, SECOND_ONLY, NEVER]).map(code), min_size=1, max_size=4)
    answers = {stage: data.draw(programs) for stage in ("SolveDirectly", "WriteCode", "FixCode")}
    chosen = data.draw(st.dictionaries(st.sampled_from(sorted(EVERYTHING)), st.just(True)))
    config = {key: EVERYTHING[key] for key in chosen} | {"fixes_per_program": data.draw(st.integers(0, 2))}
    config |= {"code_at_once": data.draw(st.integers(1, 2)), "public_tries": 3, "code_attempts": 2}
    calls = talked(double, flow(**config), **answers, WriteTests=written(("3", "6"), ("4", "9")))
    assert [call.stage for call in calls if not goes_on(call, calls)] == []


def test_several_candidates_branch_off_one_point(double):
    first, second = of("WriteCode", talked(double, flow(public_tries=0), **FAILING))[:2]
    assert messages(first)[:-1] == messages(second)[:-1]


def test_a_fix_goes_on_where_its_program_was_written(double):
    calls = talked(double, flow(**TWO_FIXES), WriteCode=code(FIRST_ONLY), FixCode=[code(NEVER), code(SECOND_ONLY)])
    wrote, fixes = of("WriteCode", calls)[0], of("FixCode", calls)
    assert messages(fixes[0])[:-1] == with_answer(wrote)
    assert section(messages(fixes[0])[-1][1], "code") == ABOVE
    assert messages(fixes[1]) == messages(fixes[0]), "the fix that made it worse is not heard of again"


def test_a_fix_of_a_fix_hears_both(double):
    calls = talked(double, flow(**TWO_FIXES), WriteCode=code(NEVER), FixCode=[code(FIRST_ONLY), code(RIGHT)])
    first, second = of("FixCode", calls)
    assert messages(second)[:-1] == with_answer(first)


def test_a_program_that_the_answer_does_not_say_is_shown_again(double):
    """Of two programs in an answer the public tests have chosen one."""
    only_public = "n = int(input())\nprint(2 * n if n < 3 else 0)\n"
    calls = talked(
        double, WriteCode=f"{code(only_public)}\nor better\n{code('print(5 * int(input()))')}", FixCode=code(RIGHT)
    )
    assert section(messages(of("FixCode", calls)[0])[-1][1], "code") == only_public.strip()


def test_what_checks_the_others_does_not_hear_them(double):
    claims = {"WriteTests": written(("3", "7")), "DeriveOutput": '{"steps": ["s"], "output": "6"}'}
    calls = talked(double, flow(brute_force=True, time_fixes=1, second_derivations=1), **claims)
    apart = [call for call in calls if call.stage in APART]
    assert {call.stage for call in apart} >= {
        "WriteBruteForce",
        "WriteGenerator",
        "WriteLargestInput",
        "WriteValidator",
    }
    assert all(len(call.prompt) == 2 for call in apart)
    others = [call for call in calls if call.stage not in APART | {"WriteTests"}]
    assert not any(claims["WriteTests"] in content for call in others for _, content in messages(call))


def test_every_round_begins_at_the_problem(double):
    never = {"WriteCode": code(NEVER), "FixCode": code(NEVER)}
    rounds = of("ReflectOnProblem", talked(double, flow(rounds=2), **never))
    assert [len(call.prompt) for call in rounds] == [2, 2]


def test_an_unreadable_answer_leaves_no_trace_in_the_conversation(double):
    answers = ["Surely {this is no JSON", USUAL["ExplainTests"]]
    calls = talked(double, ExplainTests=answers)
    assert of("ExplainTests", calls)[1].repair and REQUEST in messages(of("ExplainTests", calls)[1])[-1][1]
    later = messages(of("WriteCode", calls)[0])
    assert all(REQUEST not in content and answers[0] not in content for _, content in later)
    assert ("assistant", USUAL["ExplainTests"]) in later


def test_a_stage_that_is_given_up_is_no_turn(double):
    later = messages(of("WriteCode", talked(double, ReflectOnProblem=GARBAGE))[0])
    assert [role for role, _ in later].count("assistant") == 3


def test_thoughts_are_not_sent_back(double):
    calls = talked(double, ReflectOnProblem=f"<think>hm</think>{USUAL['ReflectOnProblem']}")
    assert ("assistant", USUAL["ReflectOnProblem"]) in messages(of("WriteCode", calls)[0])


@pytest.mark.parametrize("said", ["context_length", "This model's maximum context length is 99 tokens."])
def test_a_conversation_too_long_for_the_context_begins_again_at_the_problem(double, said):
    fault = ContextLengthError(said, provider="scripted", status=400)

    def answer(prompt: str) -> Any:
        long = stage_of(prompt) == "RankSolutions" and prompt.count(TASK) > 1
        return fault if long else USUAL[stage_of(prompt)]

    with new_trace() as trace, dspy.context(lm=scripted_lm(answer)):
        assert flow()(double).code == RIGHT
    refused, ranked = of("RankSolutions", trace.calls)
    assert refused.outcome == "lm_error" and len(ranked.prompt) == 2
    assert section(messages(ranked)[1][1], "reflection").startswith("- the input")
    assert messages(of("WriteCode", trace.calls)[0])[:-1] == with_answer(ranked)
    assert trace.decisions == [ConversationBegun(stage="RankSolutions")]


def test_without_earlier_turns_a_prompt_that_is_too_long_is_given_up(double):
    fault = ContextLengthError("too long", provider="scripted", status=400)
    assert len(of("ReflectOnProblem", talked(double, ReflectOnProblem=fault))) == 1


def test_another_model_hears_the_whole_conversation(double):
    usual, fixer = failing(), failing()
    with new_trace() as trace, dspy.context(lm=usual), within(repairer=fixer):
        flow(**TWO_FIXES, public_tries=1)(double)
    (fix,) = of("FixCode", trace.calls)
    assert len(fixer.engine.prompts) == 1 and goes_on(fix, trace.calls) and len(fix.prompt) > 2


def test_reflexion_is_a_conversation_too(double):
    program = Reflexion(ReflexionConfig(order="conversation", attempts=2))
    program.adapter = YAMLAdapter("conversation")
    calls = talked(double, program, SolveWithLessons=[code(NEVER), code(RIGHT)])
    assert [len(call.prompt) for call in calls] == [2, 4, 6]
    assert section(messages(calls[1])[-1][1], "code") == ABOVE


# What a program is


def demonstration(answer: str) -> dspy.Example:
    return dspy.Example(problem="Another", reflection=[answer]).with_inputs("problem")


def test_predictors_are_those_of_the_flow_by_the_same_names():
    usual, conversation = AlphaCodium(FlowConfig()), flow()
    assert usual.dump_state() == conversation.dump_state() and len(usual.dump_state()) > 5


def test_a_compiled_demonstration_is_shown_once_and_stays(double):
    compiled = dspy.LabeledFewShot(k=1).compile(flow(), trainset=[demonstration("goal")])
    assert all(predictor.demos for _, predictor in compiled.named_predictors())
    program = flow()
    program.understand.reflect.predict.demos = [demonstration("goal")]
    calls = talked(double, program)
    reflect = messages(of("ReflectOnProblem", calls)[0])
    assert [role for role, _ in reflect] == ["system", "user", "assistant", "user"]
    assert reflect[1][1].startswith("## problem\nAnother") and reflect[2] == ("assistant", '{"reflection": ["goal"]}')
    assert reflect[3][1].startswith(f"## problem\n{AT_THE_TOP}")
    assert messages(of("WriteCode", calls)[0])[:4] == reflect
    assert demonstrated(of("ReflectOnProblem", calls)[0]) == {0: reflect[2][1]}
    assert demonstrated(of("WriteCode", calls)[0]) == {}, "turns and what other stages are shown is none of its own"


def test_the_problem_is_repeated_by_the_request_after_a_demonstration_and_by_no_other(double):
    program = flow()
    program.understand.reflect.predict.demos = [demonstration("goal")]
    program.write_code.write_code.predict.demos = [dspy.Example(problem="Another", code="print(7)")]
    calls = talked(double, program)
    repeating = {stage_of(call.prompt[-1].content) for call in calls if AT_THE_TOP in call.prompt[-1].content}
    assert repeating == {"ReflectOnProblem", "WriteCode"} and len({call.stage for call in calls}) > 3


def test_a_demonstration_of_a_stage_that_asks_again_is_not_repeated(double):
    program = flow(**TWO_FIXES)
    demo = dspy.Example(problem="Another", code="print(7)", failure="It fails.", fixed_code="print(8)")
    program.repair.fix_code.predict.demos = [demo]
    calls = talked(double, program, WriteCode=code(NEVER), FixCode=[code(FIRST_ONLY), code(RIGHT)])
    second = messages(of("FixCode", calls)[1])
    assert [content for _, content in second].count("```python\nprint(8)\n```") == 1
    assert second[:-2] == messages(of("FixCode", calls)[0])


def test_the_artifact_comes_back_as_it_was_saved(tmp_path, double):
    program, manifest = artifact.load(ROOT / "artifacts/conversation")
    program.understand.reflect.predict.demos = [demonstration("goal")]
    artifact.save(tmp_path / "saved", program, manifest)
    again, said = artifact.load(tmp_path / "saved")
    assert again.config.order == "conversation"
    assert artifact.fingerprint(again, said) == artifact.fingerprint(program, manifest)
    prompts, saved = ([messages(call) for call in talked(double, each)] for each in (again, program))
    assert sorted(prompts) == sorted(saved), "in any order, as some stages run side by side"
    assert isinstance(new_program("alphacodium", {"order": "conversation"}), AlphaCodium)


def test_the_budget_holds(double):
    with new_trace() as trace:
        Rollout(flow(budget={"calls": 3}, ai_tests=0), double)
    assert len(trace.calls) == 3 and {each.kind for each in trace.decisions} == {"not asked"}


def test_a_ledger_gives_the_same_rollout_again(tmp_path, double):
    ledger = Ledger(tmp_path)
    asked = failing()
    rollouts: list[Trace] = []
    for _ in range(2):
        with new_trace() as trace, dspy.context(lm=paid_lm(asked, PaidCalls(ledger))):
            flow(**EVERYTHING, code_at_once=2)(double)
        rollouts.append(trace)
    ledger.close()
    prompts = [sorted(call.prompt_hash for call in trace.calls) for trace in rollouts]
    assert prompts[0] == prompts[1] and len(asked.engine.prompts) == len(prompts[0])
