"""A stage: it asks once more when an answer is of no use, counts what it does, and gives up quietly.

How patiently refused requests are sent again is in test_pace.py, what a budget forbids in test_budget.py."""

from dataclasses import replace

import dspy
import pytest
from dspy import (
    ContextWindowExceededError,
    LMAuthError,
    LMBillingError,
    LMConfigurationError,
    LMError,
    LMNotConfiguredError,
    LMRateLimitError,
    LMServerError,
    LMTimeoutError,
    LMUnsupportedModelError,
)

from program.adapters.lean import LeanAdapter
from program.answers.claims import says_test_is_wrong
from program.models.scripted import Scripted, scripted_lm
from program.rollout.trace import SILENT
from program.stage import stage as stage_module
from program.stage.stage import CUT_LIST, DECLINED, IN_THOUGHT, REPEAT_TEMPERATURE, Stage
from signatures.code import FixCode, SolveDirectly
from signatures.tests import WriteTests
from signatures.understand import ReflectOnProblem
from tests.support.trace_words import words

pytestmark = pytest.mark.usefixtures("lean_adapter", "impatient")

GOOD = "```python\nprint(1)\n```"
GARBAGE = "That is hard to say."


def solve(lm, *numbers, temperature=0.2, attempts=2):
    with dspy.context(lm=lm):
        return Stage(SolveDirectly, 100, temperature, attempts)(*(numbers or (0,)), problem="p")


def asked(lm, key):
    return [entry["kwargs"].get(key) for entry in lm.history]


def test_one_good_answer_costs_one_call_at_the_stages_own_settings(trace):
    lm = scripted_lm([GOOD])
    assert solve(lm).code == "print(1)\n"
    (entry,) = lm.history
    assert entry["kwargs"]["temperature"] == 0.2 and entry["kwargs"]["max_tokens"] == 100
    assert [call.outcome for call in trace.calls] == ["ok"] and not trace.decisions


def test_an_unparsable_answer_is_asked_for_again_hotter_and_as_another_rollout(trace):
    lm = scripted_lm([GARBAGE, GOOD])
    assert solve(lm).code == "print(1)\n"
    assert asked(lm, "temperature") == [0.2, REPEAT_TEMPERATURE]
    first, second = asked(lm, "rollout_id")
    assert first != second
    assert [call.outcome for call in trace.calls] == ["unparsable", "ok"]
    assert trace.calls[0].fault == "AdapterParseError: no program in the answer"


def test_after_its_attempts_a_stage_is_given_up(trace):
    lm = scripted_lm([GARBAGE, "", GOOD])
    assert solve(lm) is None
    assert len(lm.engine.prompts) == 2
    assert words(trace) == ["SolveDirectly: given up"]


def test_a_stage_of_one_attempt_is_not_repeated(trace):
    lm = scripted_lm([GARBAGE, GOOD])
    assert solve(lm, attempts=1) is None
    assert len(lm.engine.prompts) == len(trace.calls) == 1


@pytest.mark.parametrize(
    "error",
    [LMTimeoutError("slow\nvery slow"), LMServerError("500"), LMRateLimitError("wait"), ContextWindowExceededError()],
)
def test_an_error_of_the_lm_costs_the_stage_and_no_more(trace, error):
    lm = scripted_lm([error, GOOD])
    assert solve(lm) is None and len(lm.engine.prompts) == 1
    (failed,) = trace.calls
    assert failed.outcome == "lm_error" and failed.seconds > 0 and not failed.from_cache
    assert failed.prompt_tokens == failed.completion_tokens == 0
    assert "Error: " in failed.fault and "\n" not in failed.fault
    assert words(trace) == ["SolveDirectly: given up"] and trace.totals().failed_calls == 1


@pytest.mark.parametrize(
    "error",
    [
        LMConfigurationError("no such setting"),
        LMNotConfiguredError("no key"),
        LMAuthError("wrong key"),
        LMBillingError("no money"),
        LMUnsupportedModelError("no such model"),
        RuntimeError("the engine is broken"),  # becomes LMUnexpectedError
    ],
)
def test_what_no_later_call_would_mend_ends_the_rollout_at_once(error):
    lm = scripted_lm([error, GOOD])
    with pytest.raises(LMError, match=str(error)):
        solve(lm)
    assert len(lm.engine.prompts) == 1


@pytest.mark.parametrize("nothing", ["", LMServerError("500")])
def test_a_model_that_brings_nothing_from_the_first_call_on_is_asked_no_more(trace, nothing):
    lm = scripted_lm([*[nothing] * SILENT, GOOD])
    assert [solve(lm) for _ in range(SILENT + 1)] == [None] * (SILENT + 1)
    assert len(trace.calls) == len(lm.engine.prompts) == SILENT
    assert f"the first {SILENT} calls returned nothing, so no more calls are made" in words(trace)


def test_a_model_that_has_answered_once_is_asked_on(trace):
    lm = scripted_lm([GOOD, *[""] * 2 * SILENT, GOOD])
    assert [bool(solve(lm)) for _ in range(SILENT + 2)] == [True, *[False] * SILENT, True]


# Answers that cannot be read


def test_the_second_call_is_one_to_repair_the_answer(trace, monkeypatch):
    """The LM is shown what it answered and what could not be read in it."""
    shown = []
    real = stage_module.corrected
    monkeypatch.setattr(stage_module, "corrected", lambda *told: shown.append(told) or real(*told))
    assert solve(scripted_lm([GARBAGE, GOOD])).code == "print(1)\n"
    assert [call.repair for call in trace.calls] == [False, True]
    ((adapter, answer, fault),) = shown
    assert isinstance(adapter, LeanAdapter) and (answer, fault) == (GARBAGE, "no program in the answer")


def test_there_is_one_repair_and_no_other(trace):
    assert solve(scripted_lm([GARBAGE] * 2)) is None
    assert [call.repair for call in trace.calls] == [False, True]


def test_an_empty_answer_is_asked_for_again_and_not_repaired(trace):
    assert solve(scripted_lm([" \n", GOOD])).code == "print(1)\n"
    assert [(call.outcome, call.repair) for call in trace.calls] == [("empty", False), ("ok", False)]


def test_half_characters_of_an_answer_get_no_further(trace):
    """JSON can escape them, and no provider takes them in a prompt."""
    tests = '{"tests": [{"input": "1\\ud83d", "output": "\\ude00", "explanation": "fine \\ud83d\\ude00"}]}'
    with dspy.context(lm=scripted_lm([tests, '{"reflection": ["\\udfff"]}'])):
        (test,) = Stage(WriteTests, 100, 0.2)(0, problem="p", reflection=[], explanations=[], count=1).tests
        assert (test.input, test.output, test.explanation) == ("1?", "?", "fine 😀")
        assert Stage(ReflectOnProblem, 100, 0.2)(0, problem="p").reflection == ["?"]


def test_nor_those_of_an_answer_that_is_to_be_repaired(trace, monkeypatch):
    shown = []
    monkeypatch.setattr(stage_module, "corrected", lambda adapter, *told: shown.extend(told) or adapter)
    assert solve(scripted_lm(["\ud83d", GOOD])) is not None
    assert shown[0] == "?" and "\ud83d" not in shown[1]


# Endless generation

CIRCLES = "and then we add one, " * 40


def test_an_unreadable_answer_in_circles_is_asked_for_again_with_other_sampling_and_not_repaired(trace):
    lm = scripted_lm([CIRCLES, GOOD])
    assert solve(lm).code == "print(1)\n"
    assert [(call.outcome, call.repair) for call in trace.calls] == [("endless", False), ("ok", False)]
    assert asked(lm, "temperature") == [0.2, REPEAT_TEMPERATURE]


ENDLESS_CODE = "```python\n" + "print(7)\n" * 120  # 121 tokens of the scripted LM, over the cap of 100
LONG_CODE = "```python\n" + "".join(f"print({number})\n" for number in range(120))


def test_a_program_cut_off_in_circles_is_asked_for_again(trace):
    assert solve(scripted_lm([ENDLESS_CODE, GOOD])).code == "print(1)\n"
    assert [(call.outcome, call.repair) for call in trace.calls] == [("endless", False), ("ok", False)]
    assert trace.calls[0].detail == "cut off while it repeated itself"


ENDLESS_LIST = '{"reflection": ["one", "two", ' + '"and then", ' * 80


def reflect(lm, attempts=2):
    with dspy.context(lm=lm):
        return Stage(ReflectOnProblem, 100, 0.2, attempts)(0, problem="p")


@pytest.mark.parametrize("second", [ENDLESS_LIST, GARBAGE, LMTimeoutError("slow")], ids=["again", "garbage", "timeout"])
def test_when_nothing_better_comes_what_can_be_read_of_it_is_taken(trace, second):
    assert reflect(scripted_lm([ENDLESS_LIST, second])).reflection[:2] == ["one", "two"]
    assert trace.calls[0].outcome == "endless" and not trace.decisions


def test_a_stage_of_one_attempt_takes_what_can_be_read(trace):
    assert reflect(scripted_lm([ENDLESS_LIST]), attempts=1).reflection[:2] == ["one", "two"]
    assert [call.outcome for call in trace.calls] == ["endless"]


@pytest.mark.parametrize("second", [ENDLESS_CODE, GARBAGE], ids=["again", "garbage"])
def test_a_program_that_lacks_its_end_is_never_taken(trace, second):
    assert solve(scripted_lm([ENDLESS_CODE, second])) is None
    assert words(trace) == ["SolveDirectly: given up"]


def test_an_answer_that_only_repeats_itself_is_none_of_that(trace):
    assert solve(scripted_lm(["```python\n" + "print(7)\n" * 20])).code.count("\n") == 20
    assert [call.outcome for call in trace.calls] == ["ok"]


# Cut off


@pytest.fixture
def roomy(monkeypatch):
    """A model that can give eight times as much as is asked for at first."""
    monkeypatch.setattr(Stage, "most", property(lambda stage: 8 * stage.cap))


def cut(text: str, **more) -> Scripted:
    return Scripted(text, ended="length", **more)


def test_a_program_that_was_cut_off_is_asked_for_again_with_twice_the_room(trace, roomy):
    lm = scripted_lm([cut(LONG_CODE), cut(LONG_CODE), GOOD])
    assert solve(lm, attempts=1).code == "print(1)\n"  # more room is no second attempt
    assert asked(lm, "max_tokens") == [100, 200, 400]
    assert [(call.outcome, call.detail) for call in trace.calls] == [
        ("cut", "cut off at the cap of tokens"),
        ("cut", "cut off at the cap of tokens"),
        ("ok", ""),
    ]
    assert not any(call.repair for call in trace.calls)


def test_the_room_does_not_grow_for_ever(trace, roomy):
    lm = scripted_lm(lambda _: cut(LONG_CODE * 7))
    assert solve(lm) is None
    assert asked(lm, "max_tokens") == [100, 200, 400, 800, 800] and words(trace) == ["SolveDirectly: given up"]


def test_a_cap_that_was_set_stays_as_it_is(trace):
    lm = scripted_lm(lambda _: cut(LONG_CODE * 7))
    assert solve(lm) is None and asked(lm, "max_tokens") == [100, 100]


def test_more_room_is_not_asked_for_where_the_server_cuts_earlier(trace, roomy):
    lm = scripted_lm(lambda _: cut("```python\nprint(1)"))
    assert solve(lm) is None and asked(lm, "max_tokens") == [100, 100]


@pytest.mark.parametrize(
    ("thought", "rooms"), [("Let me see", [16_000, 32_000, 64_000, 64_000]), ("", [16_000, 16_000])]
)
def test_a_model_that_is_seen_to_think_gets_the_room_of_one_that_thinks(trace, thought, rooms):
    lm = scripted_lm(lambda _: cut("", thought=thought))
    with dspy.context(lm=lm):
        assert Stage(SolveDirectly)(0, problem="p") is None
    assert asked(lm, "max_tokens") == rooms


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (cut("```python\nprint(1)"), "cut"),  # it compiles, and more may have followed
        (cut("print(1)\nprint(int(input()))"), "cut"),
        (Scripted("```python\nfor n in range(3):\n    print(n)\nwhile (n"), "cut"),  # whatever the server says
        (cut("```python\nprint(1)\n```\nThe program prints"), "ok"),
        (cut("<think>Let me see.\n```python\nprint(2)\n```"), "cut while thinking"),
        (cut("", thought="Let me see"), "cut while thinking"),
        (cut(""), "cut"),  # a thought that nobody shows
        (cut("The solution is to"), "cut"),
        (Scripted("", thought="I have it."), "empty"),
        (Scripted(""), "empty"),
        (Scripted("I'm sorry, but I can't help with that."), "refused"),
        (Scripted("", refusal="I cannot do that."), "refused"),
        (Scripted("", ended="content_filter"), "filtered"),
        (Scripted("```python\nn = int(input())\nif n < 5:\n    print(n)\n", ended="content_filter"), "filtered"),
        (Scripted("```python\nprint(1)\n```\nIt prints", ended="content_filter"), "ok"),
        (Scripted(GARBAGE), "unparsable"),
        (cut("and then we add one, " * 40), "endless"),
        (cut("", thought="and then we add one, " * 40), "cut while thinking"),
    ],
)
def test_what_became_of_an_answer(trace, answer, outcome):
    solve(scripted_lm([answer, *[GOOD] * 5]))
    assert trace.calls[0].outcome == outcome and (outcome == "ok" or trace.calls[0].detail)
    assert not trace.calls[-1].repair or outcome == "unparsable"


def test_a_cut_list_keeps_its_whole_items_and_says_so(trace):
    assert reflect(scripted_lm([cut('{"reflection": ["n is one number", "print twice the')])).reflection == [
        "n is one number"
    ]
    assert [call.outcome for call in trace.calls] == ["ok"] and CUT_LIST in trace.calls[0].read


def test_a_list_that_was_cut_off_before_anything_is_whole_is_asked_for_again(trace):
    assert reflect(scripted_lm([cut('{"reflection": ["n is'), '{"reflection": ["a"]}'])).reflection == ["a"]
    assert [call.outcome for call in trace.calls] == ["cut", "ok"]


# Thoughts


@pytest.mark.parametrize(
    "answer",
    [
        Scripted(GOOD, thought="First\n```python\nprint(2)\n```"),
        Scripted(f"<think>First\n```python\nprint(2)\n```</think>\n{GOOD}"),
        Scripted(f"First\n```python\nprint(2)\n```\n</think>\n{GOOD}"),
    ],
)
def test_a_thought_is_kept_apart_from_the_answer(trace, answer):
    assert solve(scripted_lm([answer])).code == "print(1)\n"
    (call,) = trace.calls
    assert call.answer.strip() == GOOD and call.thought.startswith("First") and "print(2)" in call.thought


DRAFT = "```python\nprint(2)\n```\nNo.\n"
ALL_THOUGHT = [Scripted("", thought=f"First\n{DRAFT}{GOOD}"), Scripted(f"<think>First\n{DRAFT}{GOOD}")]


@pytest.mark.parametrize("answer", ALL_THOUGHT, ids=["field", "mark"])
def test_where_all_is_a_thought_its_program_is_taken_if_nothing_better_comes(trace, answer):
    assert solve(scripted_lm([answer]), attempts=1).code == "print(1)\n"
    assert solve(scripted_lm([answer, GARBAGE])).code == "print(1)\n"
    assert solve(scripted_lm([answer, GOOD.replace("1", "3")])).code == "print(3)\n"
    calls = [call for call in trace.calls if IN_THOUGHT in call.read]
    assert len(calls) == 3 and all(not call.unread and not call.answer.strip() for call in calls)


@pytest.mark.parametrize("answer", ALL_THOUGHT, ids=["field", "mark"])
@pytest.mark.parametrize("ended", ["length", "content_filter"])
def test_but_no_draft_of_a_thought_that_did_not_end_by_itself(trace, answer, ended):
    assert solve(scripted_lm([replace(answer, ended=ended)]), attempts=1) is None


def test_a_model_whose_programs_are_all_in_thoughts_is_not_silent(trace):
    lm = scripted_lm(ALL_THOUGHT * SILENT)
    assert all(solve(lm, 0, draw, attempts=1) for draw in range(2 * SILENT))


def test_nothing_of_a_thought_is_sent_back(trace):
    lm = scripted_lm([f"<think>SECRET</think>{GARBAGE}", Scripted(GARBAGE, thought="SECRET"), GOOD])
    assert solve(lm, attempts=3).code == "print(1)\n"
    assert all(call.repair for call in trace.calls[1:]) and not any("SECRET" in prompt for prompt in lm.engine.prompts)


# Several readings


def test_the_step_chooses_among_all_readings_of_a_program(trace):
    seen = []

    def choose(stage, programs):
        seen.append((stage, [each.code for each in programs]))
        return programs[-1].code

    answer = "```python\nprint(int(input()))\n```\nor\n```python\nprint(2 * int(input()))\n```"
    with dspy.context(lm=scripted_lm([answer])):
        code = Stage(SolveDirectly, 100, 0.2)(0, choose=choose, problem="p").code
    assert seen == [("SolveDirectly", ["print(2 * int(input()))\n", "print(int(input()))\n"])]
    assert code == "print(int(input()))\n" == trace.calls[0].outputs["code"]


def test_an_answer_without_a_program_may_be_one_too(trace):
    with dspy.context(lm=scripted_lm(["The test is wrong."])):
        stage = Stage(FixCode, 100, 0.2, declines=lambda said: "wrong" in said)
        answer = stage(0, problem="p", reflection=[], explanations=[], code="c", failure="f", analysis=[])
    assert answer.fixed_code == ""
    assert [(call.outcome, call.read, call.outputs) for call in trace.calls] == [("ok", [DECLINED], {})]


@pytest.mark.parametrize("ended", ["length", "content_filter"])
def test_an_answer_that_did_not_end_is_no_vote_against_a_test(trace, ended):
    """It may go on to say the opposite."""
    with dspy.context(lm=scripted_lm([Scripted("The expected output is wrong. Wait, let me check", ended=ended)] * 2)):
        stage = Stage(FixCode, 100, 0.2, attempts=1, declines=says_test_is_wrong)
        assert stage(0, problem="p", reflection=[], explanations=[], code="c", failure="f", analysis=[]) is None
    assert DECLINED not in trace.calls[0].read


def test_that_an_answer_was_cut_off_is_known_of_cached_ones_too(cache, trace):
    lm = scripted_lm([ENDLESS_CODE, GOOD], cache=True)
    assert solve(lm).code == solve(lm).code == "print(1)\n"
    assert [call.outcome for call in trace.calls] == ["endless", "ok"] * 2


# What is counted


def test_calls_are_accounted_for(trace):
    lm = scripted_lm(['{"reflection": ["a", "b c"]}'])
    with dspy.context(lm=lm):
        Stage(ReflectOnProblem, 100, 0.2)(0, problem="one two three")
    (call,) = trace.calls
    assert (call.stage, call.outcome, call.from_cache) == ("ReflectOnProblem", "ok", False)
    assert call.prompt_tokens == len(lm.engine.prompts[0].split()) and call.completion_tokens == 4
    assert call.seconds > 0
    assert trace.totals().calls == 1 and trace.totals().completion_tokens == 4
    assert call.dollars is None and trace.totals().dollars is None  # no price is known


def test_an_unparsable_answer_is_paid_for(trace):
    solve(scripted_lm([GARBAGE, GOOD]))
    assert trace.calls[0].completion_tokens == len(GARBAGE.split())
    assert trace.totals().completion_tokens == len(GARBAGE.split()) + len(GOOD.split())


def test_stages_keep_their_name_whatever_bounds_and_instructions_they_get(trace):
    stage = Stage(WriteTests, 100, 0.2, attempts=1, max_items={"tests": 2})
    stage.predict.signature = stage.predict.signature.with_instructions("Do it.")
    with dspy.context(lm=scripted_lm([GARBAGE])):
        stage(0, problem="p", reflection=[], explanations=[], count=2)
    assert [call.stage for call in trace.calls] == ["WriteTests"]


# The cache


@pytest.fixture
def cache(monkeypatch):
    monkeypatch.setattr(dspy, "cache", dspy.cache)
    dspy.configure_cache(enable_disk_cache=False)


@pytest.fixture
def cache_on_disk(cache, tmp_path):
    dspy.configure_cache(enable_memory_cache=False, disk_cache_dir=str(tmp_path))
    yield
    dspy.cache.disk_cache.close()


def program(number: int) -> str:
    return f"```python\nprint({number})\n```"


@pytest.mark.parametrize("where", ["cache", "cache_on_disk"])
def test_a_cached_answer_is_counted_as_such_and_costs_nothing(where, request, trace):
    request.getfixturevalue(where)
    lm = scripted_lm([program(1)], cache=True)
    assert solve(lm).code == solve(lm).code == "print(1)\n"
    paid, free = trace.calls
    assert paid.completion_tokens > 0 and not paid.from_cache
    assert free.from_cache and free.outcome == "ok" and free.prompt_tokens == free.completion_tokens == 0
    totals = trace.totals()
    assert (totals.calls, totals.completion_tokens) == (1, paid.completion_tokens)


def test_other_samples_and_draws_are_other_answers_and_stay_what_they_were(cache):
    lm = scripted_lm([program(number) for number in range(20)], cache=True)
    numbers = [(sample, draw) for sample in (0, 1, 2) for draw in (0, 1, 2, 12)]
    first = {key: solve(lm, *key).code for key in numbers}
    assert len(set(first.values())) == len(numbers) == len(lm.engine.prompts)
    assert {key: solve(lm, *key).code for key in reversed(numbers)} == first
    assert len(lm.engine.prompts) == len(numbers)


def test_a_cached_answer_of_no_use_is_not_asked_for_twice(cache):
    lm = scripted_lm([GARBAGE, GARBAGE, program(1)], cache=True)
    assert solve(lm, 0, 3) is None  # both attempts at the same temperature: only the rollout tells them apart
    assert len(lm.engine.prompts) == 2


def test_at_temperature_zero_samples_share_their_first_answer(cache):
    lm = scripted_lm([program(1), program(2)], cache=True)
    assert solve(lm, 0, temperature=0).code == solve(lm, 1, temperature=0).code
    assert solve(lm, 0, 1, temperature=0).code != solve(lm, 0, temperature=0).code


def test_every_sample_is_drawn_alike_and_other_draws_hotter():
    lm = scripted_lm(lambda _: GOOD)
    for numbers in ((0,), (1,), (0, 1), (3, 1)):
        solve(lm, *numbers)
    assert asked(lm, "temperature") == [0.2, 0.2, REPEAT_TEMPERATURE, REPEAT_TEMPERATURE]
    drawn = asked(lm, "rollout_id")
    assert drawn[0] is None and len(set(drawn)) == 4


def test_no_cache_gives_a_sample_the_answer_of_another(cache):
    lm = scripted_lm([program(n) for n in range(4)], cache=True)
    assert [solve(lm, sample).code for sample in (0, 1, 2, 3)] == [f"print({n})\n" for n in range(4)]
    assert [solve(lm, sample).code for sample in (0, 1, 2, 3)] == [f"print({n})\n" for n in range(4)]


def test_where_the_lm_has_a_seed_every_sample_and_every_draw_has_another():
    def seeds(lm) -> list[int | None]:
        complete, seen = lm.engine.complete, []
        lm.engine.complete = lambda request: seen.append(request.config.seed) or complete(request)
        for numbers in ((0,), (1,), (0, 1), (3, 1)):
            solve(lm, *numbers)
        return seen

    drawn = seeds(scripted_lm(lambda _: GOOD).copy(seed=7))
    assert drawn[0] == 7 and len(set(drawn)) == 4 and None not in drawn
    assert seeds(scripted_lm(lambda _: GOOD)) == [None] * 4


PROGRAM = "```python\nprint(2 * int(input()))\n```"


@pytest.mark.parametrize(
    "answer",
    [
        Scripted("The program above reads n and prints its double.", thought=f"I write it.\n{PROGRAM}"),
        Scripted(f"<think>Let me write it.\n{PROGRAM}\nDone.</think>\n\nThe code above solves the problem."),
    ],
)
def test_a_program_in_the_thought_counts_if_the_answer_only_describes_it(answer):
    with dspy.context(lm=scripted_lm(lambda prompt: answer), adapter=LeanAdapter()):
        found = Stage(SolveDirectly, attempts=1)(0, problem="Double")
    assert found and found.code == "print(2 * int(input()))\n"


def test_a_draft_does_not_hide_that_the_program_after_it_was_cut_off(trace):
    cut = f"First idea:\n```python\nprint(1)\n```\nThat is wrong. Final:\n{PROGRAM[:25]}"
    answers = iter([Scripted(cut, ended="length"), PROGRAM])
    with dspy.context(lm=scripted_lm(lambda prompt: next(answers)), adapter=LeanAdapter()):
        found = Stage(SolveDirectly)(0, problem="Double")
    assert found and found.code == "print(2 * int(input()))\n"
    assert [call.outcome for call in trace.calls] == ["cut", "ok"]
