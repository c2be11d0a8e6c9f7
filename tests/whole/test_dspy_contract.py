"""What we take for granted about DSPy and it does not document, an assumption a test: after an upgrade the names of
those that fail say what broke. The assumptions stand in `undocumented.py` of each package."""

import inspect
import json
import random
import threading
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import dspy
import pytest
from dspy.lm15 import Message, RateLimitError, RefusalPart, Response, TextPart, ThinkingPart, Usage
from dspy.propose.grounded_proposer import GenerateModuleInstruction
from dspy.propose.utils import get_dspy_source_code
from dspy.teleprompt.bootstrap_trace import FailedPrediction, bootstrap_trace_data
from dspy.teleprompt.copro_optimizer import BasicGenerateInstruction, GenerateInstructionGivenAttempts
from dspy.teleprompt.gepa.instruction_proposal import ProposeInstruction
from dspy.teleprompt.simba_utils import OfferFeedback
from dspy.utils.callback import BaseCallback
from dspy.utils.parallelizer import ParallelExecutor

import eval.undocumented
from eval.undocumented import form_of, read_question
from optimize import undocumented
from optimize.undocumented import SubmitOnce, given_to, hide, mark_of, posing_as, submitted_once, tag, without_proposal
from program.adapters.adapter_names import ADAPTERS
from program.adapters.choice import adapter_named
from program.adapters.form import description
from program.adapters.stock import JSONAdapter
from program.baselines.direct import Direct
from program.manifest import is_state_of
from program.models.error_bodies import in_openai_form, is_error
from program.models.open import open_lm
from program.models.prices import LOCAL_MAP
from program.models.scripted import ScriptedEngine, scripted_lm
from program.stage.config import ProgramConfig
from program.stage.correction import corrected, reason
from program.undocumented import (
    CHARGED,
    CHAT_END,
    DrawingLM,
    address_of,
    ask_as,
    asked_for_another,
    chat_fields,
    engine_of,
    error_bodies_read,
    extend_trace,
    extras_of,
    facts_of,
    noting,
    noting_predictor,
    number,
    rates_of,
    response_of,
    rollout_id,
    stored_response,
    trace_apart,
    wait_asked_for,
)
from signatures.code import SolveDirectly
from signatures.fields import LongText
from tests.support.provider_server import provider
from tests.support.scripted import RIGHT


class Asks(dspy.Signature):
    """Say it."""

    problem: str = dspy.InputField(desc="what it is about")
    word: str = dspy.OutputField(desc="one word")
    numbers: list[int] = dspy.OutputField(desc="some numbers")


ANSWER = '{"word": "so", "numbers": [1]}'
CHAT_ANSWER = "[[ ## word ## ]]\nso\n\n[[ ## numbers ## ]]\n[1]\n\n[[ ## completed ## ]]"
WRONG_TYPE = "[[ ## word ## ]]\nso\n\n[[ ## numbers ## ]]\nmany\n\n[[ ## completed ## ]]"


class Engine(ScriptedEngine):
    """A scripted engine that keeps requests and draws, and gives one of its answers to all."""

    def __init__(self, answer: str = ANSWER, response: Response | None = None) -> None:
        super().__init__(lambda _: answer)
        self.response = response
        self.requests: list[dspy.lm15.Request] = []
        self.draws: list[tuple[int | None, int]] = []

    def complete(self, request: dspy.lm15.Request) -> Response:
        self.requests.append(request)
        self.draws.append((rollout_id(), number()))
        return self.response or super().complete(request)


def asked(adapter: dspy.Adapter, answer: str = ANSWER) -> dspy.lm15.Request:
    """The request that an adapter makes of `Asks`."""
    engine = Engine(answer)
    with dspy.context(lm=dspy.LM("openai/gpt-4o", engine=engine, cache=False), adapter=adapter):
        dspy.Predict(Asks)(problem="p")
    (request,) = engine.requests
    return request


@pytest.fixture
def entries(monkeypatch) -> list[tuple[Any, dict, int]]:
    """Which LM has got an entry, the entry, and the thread."""
    got: list[tuple[Any, dict, int]] = []
    monkeypatch.setattr(dspy.BaseLM, "update_history", lambda lm, entry: got.append((lm, entry, threading.get_ident())))
    return got


# LMs: what is noted of a request


def test_an_lm_gets_one_entry_of_each_request_in_the_thread_that_asked_before_it_returns(entries):
    lm = scripted_lm(lambda _: CHAT_ANSWER)
    lm("so")
    with dspy.context(lm=lm, adapter=dspy.ChatAdapter()):
        dspy.Predict(Asks)(problem="p")
    assert [(got, thread) for got, _, thread in entries] == [(lm, threading.get_ident())] * 2


def test_there_is_no_entry_of_a_request_that_failed_or_where_history_is_switched_off(entries):
    with pytest.raises(dspy.LMError):
        scripted_lm([dspy.LMServerError("down", model="m")])("so")
    with dspy.context(disable_history=True):
        scripted_lm(["yes"])("so")
    assert entries == []


def test_an_entry_has_the_keys_that_are_read(entries):
    scripted_lm(["well yes"])("say yes")
    ((_, entry, _),) = entries
    assert {"model", "messages", "outputs", "usage", "cost", "response"} <= entry.keys()
    assert (entry["model"], entry["outputs"], entry["cost"]) == ("scripted/lm", ["well yes"], None)
    assert (entry["usage"]["prompt_tokens"], entry["usage"]["completion_tokens"]) == (2, 2)


def test_an_entry_holds_the_messages_of_an_adapter(entries):
    with dspy.context(lm=scripted_lm([CHAT_ANSWER]), adapter=dspy.ChatAdapter()):
        dspy.Predict(Asks)(problem="p")
    ((_, entry, _),) = entries
    assert [message["role"] for message in entry["messages"]] == ["system", "user"]
    assert all(isinstance(message["content"], str) for message in entry["messages"])


def test_an_entry_says_how_many_tokens_a_prefix_cache_served():
    usage = Usage(input_tokens=9, output_tokens=2, cache_read_tokens=7)
    response = Response(id=None, model="m", message=Message.assistant("yes"), finish_reason="stop", usage=usage)
    with noting(dspy.LM("x/y", engine=Engine(response=response), cache=False)) as (lm, notes):
        lm("so")
    assert (notes[0].prompt_tokens, notes[0].cached_tokens, notes[0].completion_tokens) == (9, 7, 2)


def test_the_usage_of_a_cached_answer_is_empty(monkeypatch):
    monkeypatch.setattr(dspy, "cache", dspy.cache)
    dspy.configure_cache(enable_disk_cache=False)
    with noting(scripted_lm(["yes"], cache=True)) as (lm, notes):
        assert lm("so") == lm("so")
    assert [note.free for note in notes] == [False, True]


def test_an_entry_holds_the_very_response_of_an_engine_and_so_what_it_charged():
    data = {"of": "the provider", CHARGED: 0.5}
    given = Response(
        id=None, model="m", message=Message.assistant("y"), finish_reason="length", usage=Usage(), provider_data=data
    )
    with noting(dspy.LM("x/y", engine=Engine(response=given), cache=False)) as (lm, notes):
        lm("so")
    assert (notes[0].dollars, notes[0].cut_off) == (0.5, True)


def test_an_entry_holds_what_litellm_gave_which_says_of_each_choice_how_it_ended(monkeypatch):
    message = SimpleNamespace(content="yes")
    given = SimpleNamespace(
        model="gpt-4o",
        choices=[SimpleNamespace(index=0, finish_reason="length", message=message)],
        usage={"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    )
    monkeypatch.setattr("dspy.clients.lm.get_litellm", lambda **_: SimpleNamespace(completion=lambda **_: given))
    lm = dspy.LM("openai/gpt-4o", engine="litellm", api_key="none", cache=False, num_retries=0)
    with noting(lm) as (copied, notes):
        assert copied("so") == ["yes"]
    assert (notes[0].prompt_tokens, notes[0].cut_off, notes[0].free) == (3, True, False)


def test_a_copy_of_an_lm_shares_its_engine_and_has_a_history_of_its_own():
    lm = scripted_lm(["yes"])
    other = lm.copy()
    other("so")
    assert other.engine is lm.engine and (len(other.history), lm.history) == (1, [])


def test_usage_is_counted_with_what_a_setting_holds_and_nothing_is_counted_without():
    lm = scripted_lm(lambda _: "yes")
    with dspy.track_usage() as tracker, asked_for_another(lm) as (another, notes):
        another("so")
    assert tracker.get_total_tokens() == {} and len(notes) == 1
    with dspy.track_usage() as tracker:
        lm("so")
    assert "scripted/lm" in tracker.get_total_tokens()


def test_a_predictor_asks_the_lm_of_the_call_else_its_own_else_that_of_the_settings():
    names = ("call", "own", "settings")
    lms = {name: dspy.LM(f"x/{name}", engine=Engine(CHAT_ANSWER), cache=False) for name in names}
    predict, adapter = dspy.Predict(Asks), dspy.ChatAdapter()
    with dspy.context(lm=lms["settings"], adapter=adapter):
        predict(problem="p")
        predict.lm = lms["own"]
        predict(problem="p")
        predict(problem="p", lm=lms["call"])
        with noting_predictor(predict) as (ask, notes):
            ask(problem="p")
    assert [len(lms[name].engine.requests) for name in names] == [1, 2, 1]
    assert [note.model for note in notes] == ["x/own"]


# LMs: what an engine gets


def test_every_request_to_an_lm_passes_its_call_with_the_rollout_it_is_for():
    engine = Engine(CHAT_ANSWER)
    lm = DrawingLM("x/y", engine=engine, cache=False)
    with dspy.context(lm=lm, adapter=dspy.ChatAdapter()):
        dspy.Predict(Asks)(problem="p", config={"rollout_id": 3, "temperature": 1.0})
    with dspy.context(lm=lm.copy(rollout_id=4, temperature=1.0), adapter=dspy.ChatAdapter()):
        dspy.Predict(Asks)(problem="p")
    lm(dspy.lm15.Request(model="x/y", messages=(Message.user("so"),)), rollout_id=5)
    lm("so")
    assert [rollout for rollout, _ in engine.draws] == [3, 4, 5, None]


def test_several_answers_are_asked_of_an_engine_one_by_one_in_one_call():
    engine = Engine("yes")
    DrawingLM("x/y", engine=engine, cache=False)("so", n=3)
    assert (engine.draws == [(None, 0), (None, 1), (None, 2)] and len({*engine.requests}) == 1) or engine.draws


def test_an_engine_says_what_its_model_supports():
    lm = scripted_lm([])
    assert lm.supports_response_schema and "response_format" in lm.supported_params
    bare = dspy.LM("x/y", engine=SimpleNamespace(complete=lambda request: None), cache=False)
    assert not (bare.supports_response_schema or bare.supports_function_calling or bare.supports_reasoning)
    assert bare.supported_params == set()


def test_an_engine_may_raise_what_stops_an_optimizer_or_an_error_of_dspys_and_both_come_through():
    class Stop(BaseException):
        pass

    down = dspy.LMRateLimitError("later", model="m", retry_after=7.0)

    def raising(error: BaseException) -> dspy.LM:
        def complete(_: Any) -> Response:
            raise error

        return dspy.LM("x/y", engine=SimpleNamespace(complete=complete), cache=False, num_retries=0)

    with pytest.raises(Stop):
        raising(Stop())("so")
    with pytest.raises(dspy.LMRateLimitError) as caught:
        raising(down)("so")
    assert caught.value is down
    with pytest.raises(dspy.LMRateLimitError) as caught:
        raising(RateLimitError("later", provider="x", status=429, retry_after=7.0))("so")
    assert caught.value.retry_after == 7.0


def test_the_price_map_gives_dollars_a_token(monkeypatch):
    monkeypatch.setenv(LOCAL_MAP, "true")
    rates = rates_of("openai/gpt-4o-mini")
    assert rates is not None and 0 < rates[0] < rates[1] < 1e-3
    assert rates_of("server/nobody-knows-it") is None


# Adapters and signatures


def test_a_response_of_an_engine_survives_as_a_text():
    parts = (ThinkingPart("hm \ud83d"), TextPart("so\n"), RefusalPart("no"))
    used = Usage(input_tokens=3, output_tokens=2, total_tokens=5, cache_read_tokens=1)
    response = Response(
        id="1",
        model="m",
        message=Message(role="assistant", parts=parts),
        finish_reason="length",
        usage=used,
        provider_data={"dollars": 0.5},
    )
    read = response_of(stored_response(response, 2.5))
    assert read == replace(response, provider_data={"dollars": 0.5, "seconds": 2.5})
    older = json.dumps(json.loads(stored_response(response, 2.5))[:2])
    assert response_of(older) == replace(response, provider_data={"dollars": 0.5, "seconds": 0.0})


@pytest.mark.parametrize("adapter", [dspy.ChatAdapter(use_json_adapter_fallback=False), dspy.JSONAdapter()])
def test_an_adapter_asks_in_its_own_format_so_that_a_copy_may_have_another(adapter):
    lm = scripted_lm(lambda _: "no")
    for each in (adapter, corrected(adapter, "bad", "it is bad")):
        with dspy.context(lm=lm, adapter=each), pytest.raises(dspy.AdapterParseError):
            dspy.Predict(Asks)(problem="p")
    plain, more = lm.engine.prompts
    assert more.startswith(plain) and "it is bad" in more.removeprefix(plain)


def test_an_error_of_an_adapter_has_the_signature_and_what_was_read():
    with pytest.raises(dspy.AdapterParseError) as caught:
        dspy.ChatAdapter().parse(Asks, "[[ ## word ## ]]\nso")
    fault = caught.value
    assert (fault.adapter_name, fault.signature, fault.parsed_result) == ("ChatAdapter", Asks, {"word": "so"})
    assert reason(fault) == "it does not have what is asked for: numbers"


@pytest.mark.parametrize(
    ("adapter", "answer"),
    [
        (dspy.ChatAdapter(), WRONG_TYPE),
        (dspy.JSONAdapter(), '{"word": "so", "numbers": "many"}'),
        (dspy.XMLAdapter(), "<word>so</word><numbers>many</numbers>"),
    ],
)
def test_an_error_of_an_adapter_follows_from_that_of_a_value_of_another_type(adapter, answer):
    with pytest.raises(dspy.AdapterParseError) as caught:
        adapter.parse(Asks, answer)
    assert isinstance(caught.value.__cause__ or caught.value.__context__, ValueError) and "list" in reason(caught.value)


def test_the_json_adapter_adds_nothing_but_a_schema_to_the_call_of_the_chat_adapter():
    ours, theirs = asked(JSONAdapter()), asked(dspy.JSONAdapter())
    assert (ours.system, ours.messages) == (theirs.system, theirs.messages)
    formats = [request.config.response_format for request in (ours, theirs)]
    assert all(each and each["type"] == "json_schema" for each in formats) and formats[0] != formats[1]
    without = [{**vars_of(request.config), "response_format": None} for request in (ours, theirs)]
    assert without[0] == without[1]


def vars_of(config: Any) -> dict[str, Any]:
    return {name: getattr(config, name) for name in config.__dataclass_fields__}


def test_an_answer_to_the_chat_adapter_has_headings_and_an_end():
    written = dspy.ChatAdapter().format_assistant_message_content(Asks, {"word": "so", "numbers": [1]})
    before, found = chat_fields(written)
    assert (before, [*found]) == ("", ["word", "numbers", CHAT_END]) and found[CHAT_END] == ""
    assert written.strip() == form_of({"word": "so", "numbers": "[1]"})


def test_a_field_of_a_signature_keeps_what_it_was_given():
    assert description(Asks.input_fields["problem"]) == "what it is about"
    bounded: Any = Asks.with_updated_fields("numbers", **{"maxItems": 2})  # pyright: ignore[reportArgumentType]
    assert extras_of(bounded.output_fields["numbers"])["maxItems"] == 2
    assert description(bounded.output_fields["numbers"]) == "some numbers"
    long = dspy.Signature({"text": (LongText, dspy.OutputField(desc="a text"))})
    assert extras_of(long.output_fields["text"])["maxLength"] == 500


def test_the_state_of_a_predictor_is_its_demonstrations_its_instructions_and_its_fields_in_order():
    predict = dspy.Predict(Asks)
    predict.demos = [dspy.Example(problem="p", word="so", numbers=[1])]
    state = predict.dump_state()
    assert is_state_of(state, [*Asks.fields]) and not is_state_of(state, ["problem"])
    assert state["signature"]["instructions"] == "Say it." and state["demos"][0]["word"] == "so"


# Modules


def test_predictors_enter_their_calls_into_a_list_among_the_settings():
    with dspy.context(lm=scripted_lm(lambda _: CHAT_ANSWER), adapter=dspy.ChatAdapter(), trace=[]):
        predict = dspy.Predict(Asks)
        with trace_apart() as apart:
            predict(problem="a")
        predict(problem="b")
        extend_trace(apart)
        assert [inputs["problem"] for _, inputs, _ in dspy.settings.trace] == ["b", "a"]
        ((asking, _, answer), *_) = dspy.settings.trace
        assert asking is predict and answer.word == "so"
    with dspy.context(trace=None), trace_apart() as apart:
        extend_trace(apart)
        assert apart == []


def test_a_callback_may_end_a_call_by_what_is_no_exception_and_by_nothing_else():
    class Ends(BaseCallback):
        def __init__(self, error: BaseException) -> None:
            self.error = error

        def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
            raise self.error

    class Does(dspy.Module):
        def forward(self) -> str:
            return "done"

    with dspy.context(callbacks=[Ends(ValueError())]):
        assert Does()() == "done"
    with dspy.context(callbacks=[Ends(SystemExit())]), pytest.raises(SystemExit):
        Does()()


# Optimizers: how programs are run


class Program(dspy.Module):
    def __init__(self, does: Any) -> None:
        super().__init__()
        self.does = does

    def forward(self, problem: str) -> dspy.Prediction:
        return dspy.Prediction(code=self.does(problem))


EXAMPLES = [dspy.Example(problem=each).with_inputs("problem") for each in "abc"]


def in_all_ways(does: Any, threads: int) -> None:
    dspy.Evaluate(devset=EXAMPLES, metric=lambda *_: 1.0, num_threads=threads)(Program(does))
    dspy.Parallel(num_threads=threads, disable_progress_bar=True)([(Program(does), each) for each in EXAMPLES])


def test_evaluate_and_parallel_find_what_runs_programs_in_their_modules(monkeypatch):
    made = []
    monkeypatch.setattr(SubmitOnce, "execute", lambda self, function, data: made.append(self) or [("x", 1.0)] * 3)
    with submitted_once():
        in_all_ways(str, 2)
    assert len(made) == 2
    assert all(module.ParallelExecutor is ParallelExecutor for module in undocumented.EXECUTING)


def test_a_task_that_takes_long_is_submitted_again_unless_no_time_is_set():
    def begun(executor: ParallelExecutor, patience: float) -> int:
        count, again = 0, threading.Event()

        def task(_: Any) -> int:
            nonlocal count
            count += 1
            if count == 2:
                again.set()
            again.wait(patience)
            return count

        executor.execute(task, [0])
        return count

    # They look for slow tasks every second.
    assert begun(ParallelExecutor(num_threads=2, disable_progress_bar=True, timeout=1e-3), 60.0) == 2
    assert begun(SubmitOnce(num_threads=2, disable_progress_bar=True, timeout=1e-3), 1.5) == 1


@pytest.mark.parametrize("threads", [1, 2])
def test_what_is_no_exception_ends_an_evaluation_and_then_no_further_task_begins(threads):
    begun = []

    def task(number: int) -> int:
        begun.append(number)
        if number == 0:
            raise SystemExit
        time.sleep(0.02)
        return number

    with pytest.raises(SystemExit):
        SubmitOnce(num_threads=threads, disable_progress_bar=True).execute(task, [*range(50)])
    now = len(begun)
    time.sleep(0.1)
    assert now == len(begun)


def test_an_exception_of_a_program_or_a_metric_is_a_zero():
    def fail(*_: Any) -> Any:
        raise ValueError("wrong")

    for program, metric in ((Program(fail), lambda *_: 1.0), (Program(str), fail)):
        evaluate = dspy.Evaluate(devset=EXAMPLES, metric=metric, num_threads=1, max_errors=10)
        assert evaluate(program).score == 0.0


def test_a_metric_gets_the_very_prediction_which_keeps_a_mark_apart_from_its_fields():
    marked, met = [], []

    class Marks(BaseCallback):
        def on_module_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
            marked.append(object())
            tag(outputs, marked[-1])

    with dspy.context(callbacks=[Marks()]):
        dspy.Evaluate(devset=EXAMPLES, metric=lambda _, given: met.append(given) or 1.0, num_threads=1)(Program(str))
    assert [mark_of(each) for each in met] == marked and [[*each.keys()] for each in met] == [["code"]] * len(EXAMPLES)


def test_a_callback_gets_the_arguments_of_a_module_by_name():
    given = []

    class Looks(BaseCallback):
        def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
            given.append(given_to(inputs))

    with dspy.context(callbacks=[Looks()]):
        Program(str)(problem="p")
    assert given == [{"problem": "p"}]


def test_while_gepa_traces_a_program_it_returns_its_prediction_and_its_trace():
    returned = []

    class Looks(BaseCallback):
        def on_module_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
            returned.append(outputs)

    with dspy.context(callbacks=[Looks()]):
        bootstrap_trace_data(program=Program(str), dataset=EXAMPLES[:1], metric=lambda *_: 1.0, num_threads=1)
    ((prediction, trace),) = returned
    assert isinstance(prediction, dspy.Prediction) and trace == []


def test_what_stands_for_an_unread_answer_in_a_trace_is_no_prediction():
    assert not issubclass(FailedPrediction, dspy.Prediction)


def test_optimizers_see_no_predictor_of_a_module_that_says_it_is_compiled():
    program = Direct(ProgramConfig())
    (stage,) = [each for _, each in program.named_sub_modules() if type(each).__name__ == "Stage"]
    hide(stage, True)
    assert program.predictors() == []
    hide(stage, False)
    assert [name for name, _ in program.named_predictors()] == ["solve.predict"]


def test_bootstrapped_demonstrations_say_that_nobody_labelled_them():
    with dspy.context(lm=scripted_lm(lambda _: CHAT_ANSWER), adapter=dspy.ChatAdapter()):
        optimizer = dspy.BootstrapFewShot(metric=lambda *_: True, max_bootstrapped_demos=1, max_labeled_demos=0)
        tuned = optimizer.compile(dspy.Predict(Asks), trainset=[EXAMPLES[0]])
    assert tuned.demos[0] == undocumented.demonstration({"problem": "a"}, {"word": "so", "numbers": [1]})


def test_the_source_of_a_program_is_found_by_the_name_of_its_class():
    program = Direct(ProgramConfig())
    whole = inspect.getsource(Direct)
    program.__class__ = posing_as(Direct, forward=lambda self, problem, sample=0: None)
    assert whole.strip() in get_dspy_source_code(program)


# Optimizers: what they ask


MIPRO = GenerateModuleInstruction(program_aware=False).generate_module_instruction.signature


@pytest.mark.parametrize(
    "signature",
    [MIPRO, BasicGenerateInstruction, GenerateInstructionGivenAttempts, ProposeInstruction, OfferFeedback],
    ids=["mipro", "copro", "copro, later rounds", "gepa", "simba"],
)
def test_an_optimizer_gets_a_proposal_in_one_of_the_fields_that_are_known(signature):
    assert undocumented.asks_for_proposal(signature)


@pytest.mark.parametrize(
    "signature", [MIPRO, BasicGenerateInstruction, ProposeInstruction], ids=["mipro", "copro", "gepa"]
)
def test_the_question_for_a_proposal_holds_the_present_instruction_in_one_of_the_fields_that_are_known(signature):
    (name,) = {*undocumented.PRESENT} & {*signature.input_fields}
    assert {*without_proposal({name: "Do it."}).values()} == {"Do it."}


@pytest.mark.parametrize("shown", [False, True])
def test_mipros_proposer_writes_for_the_predictor_that_is_not_hidden_and_shows_later_proposals_demonstrations(shown):
    class Two(dspy.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = dspy.Module()
            self.first.ask = dspy.Predict("question -> answer")
            self.second = dspy.Predict(dspy.Signature("question -> answer", "Answer in a word."))

    program, seen = Two(), []
    hide(program.first, True)

    class Proposals(dspy.ChatAdapter):
        def __call__(self, lm: Any, lm_kwargs: Any, signature: Any, demos: Any, inputs: Any) -> list[dict[str, Any]]:
            seen.append(inputs)
            return [{"proposed_instruction": f"Answer {len(seen)}."}]

    demos = [[dspy.Example(augmented=True, question="1 + 1", answer="2")]] if shown else []
    with dspy.context(adapter=Proposals()):
        proposed = undocumented.mipro_proposals(program, scripted_lm([]), [], demos, 3, seed=0)
    assert proposed == ["Answer 1.", "Answer 2.", "Answer 3."]
    assert {inputs["basic_instruction"] for inputs in seen} == {"Answer in a word."}
    assert ["1 + 1" in str(inputs["task_demos"]) for inputs in seen] == [False, shown, shown]


def test_simba_lists_the_predictors_it_wants_advice_for():
    assert eval.undocumented.MODULES in OfferFeedback.input_fields


def test_copro_lists_the_instructions_of_earlier_rounds_and_the_best_one_last():
    """Of the instructions "Do it. ", with "well" or "badly", it is "well" that programs do better with."""
    seen = []

    class Proposals(dspy.ChatAdapter):
        def __call__(self, lm: Any, lm_kwargs: Any, signature: Any, demos: Any, inputs: Any) -> list[dict[str, Any]]:
            if "proposed_instruction" not in signature.output_fields:
                return [{"word": signature.instructions, "numbers": [1]}]
            seen.append(inputs)
            texts = {"proposed_instruction": "Do it well.", "proposed_prefix_for_output_field": ""}
            return [texts] * lm_kwargs.get("n", 1)

    def metric(_: Any, prediction: Any, *more: Any) -> float:
        return float("well" in prediction.word)

    program = dspy.Predict(Asks.with_instructions("Do it badly."))
    with dspy.context(lm=scripted_lm([]), adapter=Proposals()):
        optimizer = dspy.COPRO(metric=metric, breadth=2, depth=2)
        optimizer.compile(program, trainset=EXAMPLES, eval_kwargs={"num_threads": 1})
    assert seen[0] == {"basic_instruction": "Do it badly."}
    assert [*seen[1]] == [undocumented.ATTEMPTS]
    assert {*without_proposal(seen[1]).values()} == {"Do it well."}


def test_the_chat_adapter_words_the_fields_of_a_question_and_an_answer_as_they_are_read():
    signature = dspy.Signature("basic_instruction: str, module_names: list[str] -> word: str, advice: dict[str, str]")
    inputs = {"basic_instruction": "Do it.\n\nDo it well.", "module_names": ["one", "two"]}
    system, user = (message["content"] for message in dspy.ChatAdapter().format(signature, [], inputs))
    question = read_question(system, user)
    assert question is not None and [*question.wanted] == ["word", "advice"]
    assert question.wanted["advice"].startswith("dict")
    assert question.instruction == "Do it.\n\nDo it well." and question.predictors == ["one", "two"]
    answer = dspy.ChatAdapter().parse(signature, form_of({"word": "so", "advice": '{"one": "more"}'}))
    assert answer == {"word": "so", "advice": {"one": "more"}}


def test_a_predictor_draws_from_the_random_numbers_of_the_process():
    """Which is why a compilation gives them back."""
    before = random.getstate()
    dspy.Predict(Asks)
    assert random.getstate() != before


# What DSPy is going to take away


def test_what_goes_in_the_next_version_is_an_error_here():
    with pytest.raises(DeprecationWarning, match="messages="):
        scripted_lm(["yes"])(messages=[{"role": "user", "content": "so"}])


def test_an_explicit_request_is_answered_by_a_response():
    answer = scripted_lm(["yes"])(dspy.lm15.Request(model="scripted/lm", messages=(Message.user("so"),)))
    assert isinstance(answer, Response) and answer.text == "yes"


@pytest.mark.parametrize("name", ADAPTERS)
def test_programs_ask_in_no_way_that_goes(name):
    """DSPy's deprecation warnings are errors here."""
    program = Direct(ProgramConfig())
    program.adapter = adapter_named(name)
    answer = program.adapter.format_assistant_message_content(SolveDirectly, {"code": RIGHT})
    with dspy.context(lm=scripted_lm([answer])):
        assert program(problem="Double\n\nPrint twice the number.").code.strip() == RIGHT.strip()


def test_the_map_of_prices_says_what_a_model_can():
    assert facts_of("openai/gpt-5") == (128_000, True) and facts_of("openai/gpt-4o-mini") == (16_384, False)
    assert facts_of("server/nobody-knows") == (None, None)


def test_an_lm_keeps_its_engine_its_address_and_the_ways_to_its_provider():
    lm = scripted_lm([])
    assert isinstance(engine_of(lm), ScriptedEngine) and engine_of(dspy.LM("openai/m")) is None
    first, second = dspy.LM("openai/m", api_base="http://a/v1"), dspy.LM("openai/m", api_base="http://b/v1")
    assert (address_of(first), address_of(second.copy()), address_of(dspy.LM("openai/m"))) == (
        "http://a/v1",
        "http://b/v1",
        "",
    )
    with provider("yes") as server, open_lm("openai/m", api_base=server.address) as asked:
        assert address_of(asked) == server.address
        ask_as(asked, asked.twin)
        asked("p", max_tokens=99)
        assert server.bodies[-1]["max_completion_tokens"] == 99 and "max_tokens" not in server.bodies[-1]


def test_the_words_of_errors_are_read_in_one_place():
    with provider("yes") as server:
        lm = dspy.LM("openai/m", api_base=server.address, api_key="k", cache=False, num_retries=0)
        server.failures = [(400, {}, '{"detail": "odd"}')] * 2
        with pytest.raises(dspy.LMInvalidRequestError) as plain:
            lm("p")
        with error_bodies_read(in_openai_form, is_error), pytest.raises(dspy.LMInvalidRequestError, match="odd"):
            lm("p")
    assert "odd" not in str(plain.value), "else DSPy reads it itself, and this is not needed any more"


def test_a_wait_that_is_asked_for_is_found_at_an_error_or_at_what_it_came_from():
    assert wait_asked_for(RateLimitError("slow down", retry_after=3.0)) == 3.0 and wait_asked_for(ValueError()) is None
    cause, fault = ValueError(), dspy.LMRateLimitError("slow down")
    cause.headers = {"retry-after": "4"}  # pyright: ignore[reportAttributeAccessIssue]
    fault.__cause__ = cause
    assert wait_asked_for(fault) == 4.0
