"""What a server refuses is found out once, left out or renamed for the rest of the run, and entered in the account."""

from contextlib import closing

import dspy
import pytest
from dspy import LMError, LMInvalidRequestError, lm15

from program.adapters.lean import LeanAdapter
from program.artifact import load_program
from program.models.learned import Learned
from program.models.open import open_lm
from program.paid.ledger import Ledger
from program.paid.ledger_engine import paid_lm
from program.paid.paid_calls import PaidCalls
from program.problem import Problem
from program.stage.stage import Stage
from signatures.code import SolveDirectly
from signatures.tests import WriteTests
from tests.support.provider_server import provider
from tests.support.trace_words import words

ANSWER = '{"tests": [{"input": "1", "output": "2", "explanation": "x"}]}\n\n```python\nprint(1)\n```'
GONE = {  # what is refused, the words of the account, and the setting that is sent no more
    "temperature": "temperature",
    "response_format": "JSON schema",
    "max_tokens": "usual name of the token cap",
}


@pytest.fixture
def server():
    with provider(ANSWER) as server:
        yield server


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def ask(lm, signature=WriteTests, **options):
    inputs = {"problem": "Double"} | ({"reflection": ["r"], "count": 3} if signature is WriteTests else {})
    with dspy.context(lm=lm, adapter=LeanAdapter()):
        return Stage(signature, **options)(0, **inputs)


@pytest.mark.parametrize("setting", list(GONE))
def test_a_refused_setting_is_met_once_and_named_in_every_account(server, trace, setting, capsys):
    server.refuses = {setting}
    with open_lm("openai/picky", api_base=server.address) as lm:
        assert ask(lm).tests and ask(lm).tests
    assert [setting in body for body in server.bodies] == [True, False, False, False]
    assert "max_tokens" in server.bodies[-1] or "max_completion_tokens" in server.bodies[-1]
    (said,) = words(trace)
    assert GONE[setting] in said and "server/picky" in said
    assert [call.outcome for call in trace.calls] == ["ok", "ok"]
    assert capsys.readouterr().err.startswith("server/picky: ")


VLLM = (
    "This model's maximum context length is 16384 tokens. However, you requested 16000 output tokens and your prompt "
    "contains at least 385 input tokens, for a total of at least 16385 tokens. Please reduce the length of the prompt."
)
VLLM_OLDER = (
    "You passed 385 input tokens and requested 16000 output tokens. However, the model's context length is only 16384 "
    "tokens, resulting in a maximum input length of 384 tokens. Please reduce the length of the input prompt."
)
NO_INPUT = "The model's context length is only 16384 tokens, resulting in a maximum input length of 0 tokens."
OPENROUTER = (
    "This endpoint's maximum context length is 16384 tokens. However, you requested about 17250 tokens (1250 of text "
    "input, 16000 in the output). Please reduce the length of either one."
)
TGI = "`inputs` tokens + `max_new_tokens` must be <= 16384. Given: 1250 `inputs` tokens and 16000 `max_new_tokens`"
OPENAI = (
    "This model's maximum context length is 16384 tokens. However, you requested 17250 tokens (1250 in the messages, "
    "16000 in the completion)."
)


@pytest.mark.parametrize("said", [VLLM, VLLM_OLDER, NO_INPUT, OPENROUTER, TGI, OPENAI])
def test_a_cap_that_does_not_fit_is_lowered_at_once_in_the_words_of_every_server(said):
    """A count of the prompt may be only a lower bound, so the cap must not go down token by token."""
    known = Learned()
    sent = {"temperature": 0.2, "seed": None, "response_format": None, "max_tokens": 16_000}
    change = known.change_for(LMInvalidRequestError(said, model="m"), sent, 4_500)
    assert change and change.context == 16_384 and 14_000 <= (change.tokens or 0) <= 16_384 - 1_250
    known.keep(change)
    assert known.room(16_000, 9_000) == 16_384 - 3_000


def test_a_prompt_with_more_tokens_than_its_length_suggests_gets_half_of_the_cap_again_and_again():
    known, caps = Learned(), [16_000]
    while change := known.change_for(
        LMInvalidRequestError(VLLM.replace("16000", str(caps[-1])), model="m"),
        {"temperature": None, "seed": None, "response_format": None, "max_tokens": caps[-1]},
        100,
    ):
        caps.append(change.tokens or 0)
    assert caps[:4] == [16_000, 8_000, 4_000, 2_000] and caps[-1] >= 64


def test_everything_can_be_refused_at_once(server, trace):
    server.refuses = set(GONE)
    with open_lm("openai/strict", api_base=server.address) as lm:
        assert ask(lm).tests
    assert not server.refuses & set(server.bodies[-1]) and len(words(trace)) == 3


@pytest.mark.parametrize(("status", "met"), [(500, 2), (501, 1)])
def test_a_server_that_fails_on_schemas_is_asked_without(server, trace, status, met):
    server.schema_status = status
    with open_lm("openai/failing", api_base=server.address) as lm:
        assert ask(lm).tests
    assert ["response_format" in body for body in server.bodies] == [*[True] * met, False, False]


def test_an_outage_in_the_middle_of_a_run_costs_no_schema(server, trace):
    with open_lm("openai/outage", api_base=server.address) as lm:
        server.failures = [(503, {}, "overloaded")] * 3
        assert ask(lm).tests
    assert all("response_format" in body for body in server.bodies) and not words(trace)


def test_not_implemented_is_not_repeated(server, trace):
    with open_lm("openai/less", api_base=server.address) as lm:
        asked = len(server.bodies)
        server.failures = [(501, {}, '{"detail": "not implemented"}')] * 9
        assert ask(lm, SolveDirectly) is None and len(server.bodies) == asked + 1


def test_a_cap_above_what_a_model_can_is_lowered_for_good(server, trace):
    server.most_tokens = 4096
    with open_lm("openai/small", api_base=server.address) as lm:
        assert ask(lm).tests
    assert [body["max_tokens"] for body in server.bodies] == [16_000, 4096, 4096]
    assert words(trace) == ["server/small allows at most 4,096 tokens per answer; requests are limited to this"]


def test_a_cap_that_does_not_fit_beside_the_prompt_is_lowered_to_what_fits(server):
    server.context = 8192
    with open_lm("openai/narrow", api_base=server.address) as lm:
        assert ask(lm).tests
        asked = len(server.bodies)
        assert ask(lm).tests
    assert 7000 < server.bodies[-1]["max_tokens"] < 8192 and len(server.bodies) == asked + 1


def test_what_an_optimizer_sets_itself_is_left_out_too(server):
    with open_lm("openai/warm", api_base=server.address) as lm:
        server.refuses = {"temperature"}
        copied, request = (
            lm.copy(temperature=1.0),
            lm15.Request(
                model=lm.model, messages=(lm15.Message.user("p"),), config=lm15.Config(temperature=1.0, max_tokens=99)
            ),
        )
        assert copied("p") and lm(request).text and copied("q")
    assert ["temperature" in body for body in server.bodies] == [True, True, False, False, False]


def test_an_invalid_request_that_nothing_helps_keeps_the_words_of_its_first_refusal(server):
    with open_lm("openai/fine", api_base=server.address) as lm:
        server.failures = [(422, {}, '{"detail": [{"loc": ["body", "messages"], "msg": "too odd"}]}')] * 2
        with pytest.raises(LMError, match=r"body\.messages: too odd"):
            lm("p", response_format={"type": "json_object"})
        assert lm("p", response_format={"type": "json_object"}) and "response_format" in server.bodies[-1]


def test_a_plain_lm_of_dspys_adapts_itself_inside_of_a_program(server, double):
    server.refuses = {"temperature"}
    lm = dspy.LM("openai/plain", api_base=server.address, api_key="none", cache=False, num_retries=0)
    program = load_program("artifacts/direct")
    with dspy.context(lm=lm):
        assert [program(problem=double).code.strip() for _ in range(2)] == ["print(1)"] * 2
    assert ["temperature" in body for body in server.bodies] == [True, False, False] and len(lm.history) == 2


@pytest.mark.parametrize("paying", [False, True])
@pytest.mark.parametrize(
    ("usage", "counted", "said"), [(False, 0, "reports no token counts"), (True, 500, "cut prompts")]
)
def test_what_a_server_counts_is_looked_at_and_warned_of_once(
    server, trace, capsys, tmp_path, usage, counted, said, paying
):
    server.usage, server.counted = usage, counted
    text = " ".join(str(number) for number in range(4000))
    name = f"openai/{said.replace(' ', '-')}-{paying}"
    with open_lm(name, api_base=server.address) as lm, closing(Ledger(tmp_path)) as ledger:
        asked = paid_lm(lm, PaidCalls(ledger), name) if paying else lm
        for sample in range(2):
            with dspy.context(lm=asked, adapter=LeanAdapter()):
                assert Stage(SolveDirectly)(sample, problem=Problem.from_text(text, []).text())
    (warned,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning: ")]
    assert said in warned and len(trace.calls) == 2 and not any(call.from_cache for call in trace.calls)
