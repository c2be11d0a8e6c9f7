"""From a model string to an LM: what cannot work is said in one line, what works speaks to the server as it should."""

import json
import os
import socket
import time
from email.utils import formatdate

import dspy
import pytest
from dspy import LMRateLimitError, lm15

from program.adapters.choice import adapter_named
from program.adapters.lean import LeanAdapter
from program.adapters.schema import response_format
from program.errors import TIMEOUT_VARIABLE, ModelError, UserError
from program.models.open import THINKING_SECONDS, open_lm, timeout_of
from program.models.prices import LOCAL_MAP
from program.models.profile import SAFETY_CAP, profile_of
from program.models.start_check import PATIENCE_SECONDS
from program.rollout.rate_limits import Pace
from program.stage.stage import Stage
from program.steps.config import FlowConfig
from signatures.code import FixCode, SolveDirectly, WriteCode
from signatures.tests import WriteTests
from tests.support.openai_server import serving
from tests.support.provider_server import provider
from tests.support.trace_words import words


@pytest.fixture
def server():
    with serving() as server:
        yield server


@pytest.fixture(autouse=True)
def no_keys(monkeypatch):
    for variable in ("LM_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def no_network(monkeypatch):
    """Every attempt to connect is an error, and so is every wait."""
    attempts = []

    def refuse(*arguments, **_):
        attempts.append(arguments)
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(time, "sleep", refuse)
    yield
    assert not attempts


def refusal(model, **options) -> str:
    with pytest.raises((ModelError, UserError)) as caught, open_lm(model, **options):
        pass
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
    return str(caught.value)


# What cannot work


def test_an_unknown_embedded_model_is_refused_with_those_there_are(no_network):
    said = refusal("local/gpt-9")
    assert "local/gpt-9" in said and "local/qwen2.5-coder-0.5b" in said and "local/qwen2.5-coder-1.5b" in said


@pytest.mark.parametrize("model", ["gpt-4o-mini", "qwen2.5-coder-0.5b", ""])
def test_a_model_without_a_provider_is_refused_with_an_example(no_network, model):
    said = refusal(model)
    assert f"unknown model {model}:" in said and "PROVIDER/NAME" in said


@pytest.mark.parametrize(
    ("model", "variable"), [("openai/gpt-4o-mini", "OPENAI_API_KEY"), ("anthropic/claude-x", "ANTHROPIC_API_KEY")]
)
def test_a_missing_key_is_said_without_asking_the_network(no_network, model, variable):
    said = refusal(model)
    assert said == f"{model} needs a key. Type export {variable}=YOUR-KEY"


def test_a_server_out_of_reach_is_said(monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)  # between the attempts
    with socket.socket() as bound:  # and not listening
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        said = refusal("openai/tiny", api_base=f"http://127.0.0.1:{port}/v1")
    assert "does not answer" in said and f"127.0.0.1:{port}" in said


@pytest.mark.parametrize(("status", "name", "asked"), [(401, "LMAuthError", 1), (404, "LMInvalidRequestError", 2)])
def test_a_server_that_refuses_is_asked_again_only_without_the_schema(server, status, name, asked):
    server.status = status
    said = refusal("openai/tiny", api_base=server.address)
    assert name in said and "that does not work" in said and len(server.requests) == asked


def test_a_server_that_fails_is_asked_as_patiently_as_in_a_run(server, monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    server.status = 500
    assert "LMServerError" in refusal("openai/tiny", api_base=server.address)
    assert 4 <= len(waits) <= 6 and sum(waits) <= PATIENCE_SECONDS


@pytest.mark.parametrize(("header", "least", "most"), [("3", 3, 3), ("in 9 s", 7, 10), ("past", 0, 0)])
def test_the_check_waits_as_long_as_it_is_asked_to(monkeypatch, header, least, most):
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    moment = {"in 9 s": time.time() + 9.5, "past": time.time() - 99}.get(header)
    with provider("yes") as server:
        asked = formatdate(moment, usegmt=True) if moment else header
        server.failures = [(429, {"Retry-After": asked}, '{"error": {"message": "slow down"}}')]
        with open_lm("openai/tiny", api_base=server.address):
            pass
    assert len(waits) == 1 and least <= waits[0] <= most


def test_litellms_route_hears_retry_after_too(monkeypatch):
    monkeypatch.setenv(LOCAL_MAP, "true")
    for header, least, most in (("3", 3, 3), (formatdate(time.time() + 99, usegmt=True), 40, 99)):
        with provider("yes") as server:
            server.failures = [(429, {"Retry-After": header}, '{"error": {"message": "slow down"}}')]
            lm = dspy.LM("openai/m", api_base=server.address, api_key="k", engine="litellm", num_retries=0, cache=False)
            with pytest.raises(LMRateLimitError) as caught:
                lm("p", max_retries=0)
            assert least <= Pace().refused(caught.value, 0) <= most and len(server.bodies) == 1


# What to type


def test_an_unknown_model_is_answered_with_those_there_are():
    with provider("yes") as server:
        server.models = ["qwen3:8b", "llama3"]
        said = refusal("openai/qwen3", api_base=server.address)
    assert "The model `qwen3` does not exist" in said and said.endswith("Type --lm openai/qwen3:8b")


def test_a_model_whose_name_has_the_prefix_is_found_under_it(capsys):
    with provider("yes") as server:
        server.models = ["openai/gpt-oss-20b"]
        with open_lm("openai/gpt-oss-20b", api_base=server.address) as lm:
            assert lm.model == "server/openai/gpt-oss-20b" and server.bodies[-1]["model"] == "openai/gpt-oss-20b"
    said = "server/openai/gpt-oss-20b: thinks; no temperature; max_tokens; answers of at most 64,000 tokens; "
    assert capsys.readouterr().err == f"{said}prices unknown\n"


def test_an_address_without_v1_is_answered_with_the_one_to_type():
    with provider("yes") as server:
        said = refusal("openai/tiny", api_base=server.root)
    assert said.endswith(f"Type --api-base {server.address}")


@pytest.mark.parametrize("end", ["/chat/completions", "/chat/completions/", "/models"])
def test_the_address_of_one_endpoint_is_answered_with_that_of_the_server(end):
    with provider("yes") as server:
        said = refusal("openai/tiny", api_base=f"{server.address}{end}")
    assert said.endswith(f"Type --api-base {server.address}")


def test_a_missing_key_of_a_server_is_said_and_why_openais_is_not_sent(monkeypatch):
    with provider("yes") as server:
        server.key = "secret"
        assert refusal("openai/tiny", api_base=server.address).endswith("Type export LM_API_KEY=KEY-OF-THIS-SERVER")
        monkeypatch.setenv("OPENAI_API_KEY", "secret")
        assert "OPENAI_API_KEY is not sent to --api-base, as" in refusal("openai/tiny", api_base=server.address)
        monkeypatch.setenv("LM_API_KEY", "wrong")
        assert "The key in LM_API_KEY is refused" in refusal("openai/tiny", api_base=server.address)
        monkeypatch.setenv("LM_API_KEY", "secret")
        with open_lm("openai/tiny", api_base=server.address) as lm:
            assert lm("p")


@pytest.mark.parametrize("thinking", ["field", "tags", "unopened"])
def test_a_model_that_thinks_in_the_check_is_known_to_think(thinking, capsys):
    with provider("yes") as server:
        server.thinking = thinking
        with open_lm("openai/tiny", api_base=server.address) as lm:
            assert profile_of(lm).thinks and lm.kwargs["timeout"] == THINKING_SECONDS
    assert capsys.readouterr().err.startswith("server/tiny: thinks; no temperature; ")


# What a server gets


def ask(lm, signature, **inputs):

    with dspy.context(lm=lm, adapter=LeanAdapter()):
        return Stage(signature, 55, 0.2, max_items={"tests": 3} if signature is WriteTests else None)(4, **inputs)


def test_opening_costs_one_small_request_and_leaves_no_trace(server):
    with open_lm("openai/tiny", api_base=server.address) as lm:
        assert lm.history == []
    ((path, _, body),) = server.requests
    assert path == "/v1/chat/completions" and body["max_tokens"] == SAFETY_CAP and body["temperature"] == 0.2
    assert body["response_format"]["type"] == "json_schema", "as the stages will ask"


def test_a_structured_stage_sends_its_schema(server, trace):
    with open_lm("openai/tiny", api_base=server.address) as lm:
        answer = ask(lm, WriteTests, problem="Double", reflection=["r"], explanations=["e"], count=3)
    body = server.requests[-1][2]
    sent = body["response_format"]
    assert sent["type"] == "json_schema" and sent["json_schema"]["strict"] is True
    assert sent["json_schema"]["name"].isidentifier()
    assert sent == response_format(Stage(WriteTests, 1, 0, max_items={"tests": 3}).predict.signature)
    assert (body["max_tokens"], body["temperature"]) == (55, 0.2)
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert answer.tests[0].output == "2"
    (call,) = trace.calls
    assert (call.prompt_tokens, call.cached_tokens, call.completion_tokens) == (30, 20, 12) and not call.from_cache


@pytest.mark.parametrize("model", ["openai/tiny", "local/tiny"])
@pytest.mark.parametrize("name", ["lean", "json"])
def test_every_adapter_that_asks_for_json_sends_the_same_schema(server, name, model):
    signature = Stage(WriteTests, 1, 0, max_items={"tests": 3}).predict.signature
    with open_lm(model, api_base=server.address) as lm, dspy.context(lm=lm, adapter=adapter_named(name)):
        dspy.Predict(signature)(problem="Double", reflection=["r"], count=3)
    sent = server.requests[-1][2]["response_format"]
    assert sent == response_format(signature, bounded=model.startswith("local/"))
    assert ("maxLength" in json.dumps(sent)) == model.startswith("local/"), "providers refuse it, small models need it"


def test_a_server_that_refuses_schemas_is_asked_without_from_then_on(server, trace):
    server.refused_key = "response_format"
    with open_lm("openai/picky", api_base=server.address) as lm:
        for _ in range(2):
            assert ask(lm, WriteTests, problem="Double", reflection=["r"], count=3).tests
    assert ["response_format" in body for _, _, body in server.requests] == [True, False, False, False]
    assert [call.outcome for call in trace.calls] == ["ok", "ok"]
    assert words(trace) == ["server/picky refuses the JSON schema of answers; requests are sent without it"]


def test_a_request_that_is_invalid_either_way_fails_as_it_did_and_schemas_are_still_sent(server, trace):
    with open_lm("openai/fine", api_base=server.address) as lm:
        server.status = 400
        assert ask(lm, WriteTests, problem="Double", reflection=["r"], count=3) is None
        server.status = 200
        assert ask(lm, WriteTests, problem="Double", reflection=["r"], count=3).tests
    assert [call.outcome for call in trace.calls] == ["lm_error", "ok"] and not trace.decisions[1:]
    assert "response_format" in server.requests[-1][2]


def test_models_that_allow_no_temperature_are_sent_none(server, trace):
    config = FlowConfig.model_validate({"temperatures": {"FixCode": 0.5}})
    with open_lm("openai/o3-mini", api_base=server.address) as lm, dspy.context(lm=lm, adapter=LeanAdapter()):
        for signature in (WriteCode, FixCode):
            stage = config.code_stage(signature)
            assert stage(0, draw=1, problem="Double", code="print()", failure="It prints nothing.")
    assert ["temperature" in body for _, _, body in server.requests[1:]] == [False, True]


@pytest.mark.parametrize(
    ("signature", "inputs"), [(SolveDirectly, {}), (FixCode, {"code": "print()", "failure": "It prints nothing."})]
)
def test_a_stage_that_writes_code_sends_no_schema(server, signature, inputs):
    with open_lm("openai/tiny", api_base=server.address) as lm:
        assert ask(lm, signature, problem="Double", **inputs)
    assert "response_format" not in server.requests[-1][2]


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("openai/tiny", "tiny"),
        ("hosted_vllm/org/tiny", "org/tiny"),
        ("org/tiny", "org/tiny"),
        ("tiny", "tiny"),
        ("local/tiny", "tiny"),
    ],
)
def test_the_server_is_asked_for_the_model_by_its_own_name(server, model, name):
    with open_lm(model, api_base=server.address):
        assert server.requests[-1][2]["model"] == name


def test_only_the_key_for_this_server_is_sent(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "not-for-this-server")
    with open_lm("openai/tiny", api_base=server.address):
        assert server.requests[-1][1].get("authorization") in (None, "Bearer none")
    monkeypatch.setenv("LM_API_KEY", "for-this-server")
    with open_lm("openai/tiny", api_base=server.address):
        assert server.requests[-1][1]["authorization"] == "Bearer for-this-server"
    monkeypatch.delenv("LM_API_KEY")
    with open_lm("openai/tiny", api_base=server.address):
        assert server.requests[-1][1].get("authorization") in (None, "Bearer none")
    assert "not-for-this-server" not in str(server.requests)


def test_two_models_open_at_once_each_ask_their_own_server(server):
    with (
        serving() as other,
        open_lm("openai/tiny", api_base=server.address) as first,
        open_lm("openai/large", api_base=other.address) as second,
    ):
        for lm in (first, second, first):
            ask(lm, SolveDirectly, problem="p")
    assert [body["model"] for _, _, body in server.requests] == ["tiny"] * 3
    assert [body["model"] for _, _, body in other.requests] == ["large"] * 2


def test_a_request_is_never_answered_from_dspys_cache(server, monkeypatch):
    monkeypatch.setattr(dspy, "cache", dspy.cache)
    dspy.configure_cache(enable_disk_cache=False)
    with open_lm("openai/tiny", api_base=server.address) as lm:
        assert ask(lm, SolveDirectly, problem="p").code == ask(lm, SolveDirectly, problem="p").code
    assert len(server.requests) == 3


def test_the_process_has_the_providers_and_the_environment_it_had(server, monkeypatch):
    monkeypatch.delenv(LOCAL_MAP, raising=False)
    own = lm15.ProviderDefinition.chat(
        lm15.AccessPolicy(provider="server", base_url="http://127.0.0.1:9/v1"), compat=lm15.OpenAIChatCompat()
    )
    for definitions in ((), (own,)):
        before = [lm15.register_provider(each, metadata_namespaces=("openai",)) for each in definitions]
        try:
            with open_lm("openai/tiny", api_base=server.address) as lm:
                ask(lm, SolveDirectly, problem="p")
            assert list(lm15.registered_providers()) == before and LOCAL_MAP not in os.environ
        finally:
            lm15.unregister_provider("server")


@pytest.mark.parametrize(
    ("model", "given", "seconds"),
    [("gpt-4.1", "", 600.0), ("gpt-5-mini", "", 3600.0), ("Qwen/Qwen3-8B", "", 3600.0), ("gpt-5-mini", "90", 90.0)],
)
def test_a_model_that_thinks_gets_an_hour_and_the_environment_decides(monkeypatch, model, given, seconds):
    monkeypatch.setenv(TIMEOUT_VARIABLE, given)
    assert timeout_of(model) == seconds


@pytest.mark.parametrize("given", ["soon", "0", "-1", "nan", "inf"])
def test_a_timeout_that_is_no_number_of_seconds_is_an_error_in_a_line(monkeypatch, given):
    monkeypatch.setenv(TIMEOUT_VARIABLE, given)
    with pytest.raises(ModelError, match="must be a number of seconds"):
        timeout_of("m")
