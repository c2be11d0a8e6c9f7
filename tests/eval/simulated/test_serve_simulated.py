"""The simulated LM over HTTP: the same answers and the same kinds of failure as inside the process."""

import json
import sys
import threading
import urllib.request

import pytest
from dspy import LMRateLimitError, LMServerError, LMTimeoutError, is_retryable_lm_error

from eval.serve_simulated import main
from eval.simulated.lm import SimulatedEngine, simulated_lm
from eval.simulated.server import SimulatedServer
from program.models.open import open_lm
from signatures.tests import WriteTests
from tests.support.simulated import EVEN, SURE, ask, codes, skilled, some_problems


@pytest.fixture
def server():
    server = SimulatedServer(SimulatedEngine(some_problems(), EVEN))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_endpoint_gives_the_same_answers(server):
    inside = simulated_lm(some_problems(), EVEN)
    texts = [problem.text() for problem in some_problems().problems]
    with open_lm("openai/simulated", api_base=server.address) as lm:
        assert [codes(lm, text, 3) for text in texts] == [codes(inside, text, 3) for text in texts]
        asked = {"problem": texts[0], "reflection": ["r"], "explanations": ["e"], "count": 2}
        assert ask(lm, WriteTests, **asked).tests == ask(inside, WriteTests, **asked).tests
    over, direct = lm.history[-1], inside.history[-1]
    assert "simulated" in over["model"] and over["response_model"] == inside.model
    assert over["usage"]["completion_tokens"] == direct["usage"]["completion_tokens"] > 0


@pytest.mark.parametrize(
    ("setting", "error"),
    [
        ({"requests_per_minute": 1}, LMRateLimitError),
        ({"fault_rate": 1}, LMServerError),
        ({"timeout_rate": 1}, LMTimeoutError),
    ],
)
def test_failures_keep_their_kind(server, setting, error):
    with open_lm("openai/simulated", api_base=server.address) as lm:
        server.engine = SimulatedEngine(some_problems(), skilled(SURE, **setting))
        lm.num_retries = 0
        with pytest.raises(error) as caught:
            codes(lm, some_problems().problems[0].text(), 2)
    assert is_retryable_lm_error(caught.value)
    assert error is not LMRateLimitError or 0 < caught.value.retry_after <= 60


def test_health_and_models_say_simulated(server):
    with urllib.request.urlopen(f"{server.address}/models") as answer:
        assert json.load(answer)["data"][0]["id"].startswith("simulated/")
    with urllib.request.urlopen(f"{server.address.removesuffix('/v1')}/health") as answer:
        assert json.load(answer)["status"] == "ok"


@pytest.mark.parametrize("setting", ["skills.code_rigth=0.5", "skills.code_right=2", "code_right=1"])
def test_a_wrong_setting_is_a_user_error_in_one_line(monkeypatch, capsys, setting):
    monkeypatch.setattr(sys, "argv", ["serve_simulated", "--set", setting])
    with pytest.raises(SystemExit) as left:
        main()
    *_, message = capsys.readouterr().err.splitlines()
    assert left.value.code == 2 and "code_rig" in message
