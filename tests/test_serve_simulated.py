"""The simulated LM over HTTP: the same answers and the same kinds of failure as inside the process."""

from __future__ import annotations

import sys
import threading

import dspy
import pytest
from dspy.utils.exceptions import LMRateLimitError, LMServerError, LMTimeoutError, is_retryable_lm_error

from eval.data import ProblemSet, load_problems
from eval.serve_simulated import SimulatedServer, main
from eval.simulated_lm import SimulatedEngine, simulated_lm
from eval.simulated_skills import Skills
from program.adapter import LeanAdapter
from program.lm import open_lm
from signatures.code import SolveDirectly
from signatures.plan import WriteTests

SURE = Skills(code_right=1, ai_test_valid=1, format_broken=0)
EVEN = Skills(code_right=0.5, ai_test_valid=0.5, format_broken=0)


@pytest.fixture(scope="module")
def problems() -> ProblemSet:
    return load_problems("pack", "valid").select(8)


@pytest.fixture(autouse=True)
def lean_adapter():
    with dspy.context(adapter=LeanAdapter()):
        yield


def ask(lm, signature, **inputs):
    return dspy.Predict(signature)(lm=lm, config={"temperature": 0.7}, **inputs)


def codes(lm, texts) -> list[str]:
    return [ask(lm, SolveDirectly, problem=text).code for text in texts]


@pytest.fixture
def serve():
    started = []

    def start(engine) -> SimulatedServer:
        server = SimulatedServer(engine)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        started.append((server, thread))
        return server

    yield start
    for server, thread in started:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_endpoint_gives_the_same_answers(problems, serve):
    server = serve(SimulatedEngine(problems, EVEN))
    inside = simulated_lm(problems, EVEN)
    texts = [problem.text() for problem in problems.problems]
    with open_lm("openai/simulated", api_base=server.address) as lm:
        assert codes(lm, texts) == codes(inside, texts)
        first = {"problem": texts[0], "reflection": ["r"], "count": 2}
        assert ask(lm, WriteTests, **first).tests == ask(inside, WriteTests, **first).tests
        over, direct = lm.history[-1], inside.history[-1]
    assert "simulated" in lm.model and over["response_model"] == inside.model
    assert over["usage"]["completion_tokens"] == direct["usage"]["completion_tokens"] > 0


@pytest.mark.parametrize(
    ("setting", "error"),
    [
        ({"requests_per_minute": 1}, LMRateLimitError),
        ({"fault_rate": 1}, LMServerError),
        ({"timeout_rate": 1}, LMTimeoutError),
    ],
)
def test_failures_keep_their_kind_over_the_endpoint(problems, serve, setting, error):
    sound = SimulatedEngine(problems, SURE)
    server = serve(sound)
    with open_lm("openai/simulated", api_base=server.address) as lm:
        server.engine = SimulatedEngine(problems, SURE.model_copy(update=setting))
        lm.num_retries = 0
        with pytest.raises(error) as caught:
            codes(lm, [problems.problems[0].text()] * 2)
    assert is_retryable_lm_error(caught.value)
    assert error is not LMRateLimitError or 0 < caught.value.retry_after <= 60


@pytest.mark.parametrize("setting", ["skills.code_rigth=0.5", "skills.code_right=2", "code_right=1"])
def test_a_wrong_setting_is_a_user_error_in_one_line(monkeypatch, capsys, setting):
    monkeypatch.setattr(sys, "argv", ["serve_simulated", "--set", setting])
    with pytest.raises(SystemExit) as left:
        main()
    *_, message = capsys.readouterr().err.splitlines()
    assert left.value.code == 2 and "code_rig" in message
