"""An error keeps its words, in whichever form a server says it."""

import json

import pytest
from dspy import LMError

from program.models.error_bodies import in_openai_form, is_error
from program.models.open import open_lm
from tests.support.provider_server import provider

BODIES = {
    "OpenAI": (400, {"error": {"message": "no such thing", "type": "invalid_request_error", "code": None}}),
    "vLLM, old": (400, {"object": "error", "message": "no such thing", "type": "BadRequestError", "code": 400}),
    "vLLM, new": (400, {"error": {"message": "no such thing", "type": "BadRequestError", "code": 400}}),
    "FastAPI": (422, {"detail": "no such thing"}),
    "FastAPI, a list": (422, {"detail": [{"loc": ["body", "n"], "msg": "no such thing", "type": "missing"}]}),
    "Anthropic": (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "no such thing"}}),
    "a text": (400, {"error": "no such thing"}),
    "HTML": (400, "<html><head><title>400</title></head><body><h1>no such&nbsp;thing</h1></body></html>"),
    "plain": (400, "no such thing"),
}


@pytest.mark.parametrize("form", list(BODIES))
def test_the_words_of_an_error_reach_whoever_asked(form):
    status, body = BODIES[form]
    with provider("yes") as server, open_lm("openai/m", api_base=server.address) as lm:
        server.failures = [(status, {}, body if isinstance(body, str) else json.dumps(body))]
        with pytest.raises(LMError, match="no such thing") as caught:
            lm("p")
    assert "<" not in str(caught.value) and caught.value.status == status


def test_a_prompt_that_is_too_long_is_known_as_such_in_every_wording():
    for words in ("This model's maximum context length is 4096 tokens.", "prompt is too long: 9 tokens > 8 maximum"):
        body = json.loads(in_openai_form(400, json.dumps({"detail": words})))
        assert body["error"]["code"] == "context_length_exceeded" and body["error"]["message"] == words


NONE = {"role": "assistant", "content": ""}
IN_A_SUCCESS = [
    {"error": "down"},
    {"object": "error", "message": "down"},
    {"detail": "down"},
    {"choices": None, "error": {"message": "down", "code": 503}},
    {"choices": [], "error": "down"},
    {"choices": [{"message": NONE, "finish_reason": "error", "error": {"code": 502, "message": "down"}}]},
]
ANSWER = {"choices": [{"message": {"content": "yes"}, "finish_reason": "stop", "error": None}]}


@pytest.mark.parametrize("body", [*map(json.dumps, IN_A_SUCCESS)])
def test_a_success_that_holds_an_error_is_one(body):
    assert is_error(body) and not is_error('{"choices": [], "error": null}') and not is_error("no JSON")
    assert not is_error(json.dumps({**ANSWER, "error": None})) and not is_error(json.dumps([body]))
    with provider("yes") as server, open_lm("openai/m", api_base=server.address) as lm:
        server.failures = [(200, {}, body)]
        with pytest.raises(LMError, match="down"):
            lm("p")
