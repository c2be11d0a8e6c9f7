"""The embedded server: it is started, waited for, shared, and never outlives the run.

A small HTTP server stands in for `llama-server`, except in the tests marked `embedded`, which start the real one.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from program.models import llama_server
from program.models.llama_server import CONTEXT_TOKENS, ServerError, serve
from program.models.weights import MODELS
from tests.support.paths import ROOT

VARIABLE = "ALPHACODIUM_SERVER_TINY_MODEL_1"  # where a run keeps the address of the server of tiny-model.1
GRACE_SECONDS = 20.0  # for things that take a moment; they are waited for, not measured

FAKE = f"""#!{sys.executable}
import http.server, json, os, sys

print("loading the model", flush=True)
with open(sys.argv[0] + ".started", "a") as started:
    print(json.dumps([str(os.getpid()), *sys.argv[1:]]), file=started)


class Handler(http.server.BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self):
        Handler.asked += 1
        word = "ok" if Handler.asked > 2 else "loading"
        self.send_response(503 if Handler.asked == 1 else 200)
        self.end_headers()
        self.wfile.write(json.dumps({{"status": word, "asked": Handler.asked}}).encode())

    def log_message(self, *_):
        pass


port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A `llama-server` that is still loading when it is first asked; gives number and arguments of every process."""
    path = script(tmp_path, FAKE)
    monkeypatch.setenv("ALPHACODIUM_LLAMA_SERVER", str(path))
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(ROOT)

    def starts():
        written = Path(f"{path}.started")
        return [json.loads(line) for line in written.read_text().splitlines()] if written.exists() else []

    return starts


def script(folder, text):
    path = folder / "llama-server"
    path.write_text(text)
    path.chmod(0o755)
    return path


def tiny(tmp_path, **options):
    return serve(tmp_path / "tiny.gguf", name="tiny-model.1", log=tmp_path / "logs" / "server.log", **options)


def port_of(address: str) -> int:
    return int(address.removesuffix("/v1").rsplit(":", 1)[1])


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def closes(port: int, seconds: float = GRACE_SECONDS) -> bool:
    deadline = time.monotonic() + seconds
    while is_open(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_open(port)


def test_the_server_is_waited_for_and_stopped_at_the_end(fake, tmp_path):
    with tiny(tmp_path, slots=3) as address:
        with urllib.request.urlopen(address.replace("/v1", "/health")) as answer:
            assert json.load(answer) == {"status": "ok", "asked": 4}  # after loading, loading, ok
        assert os.environ[VARIABLE] == address
    assert VARIABLE not in os.environ
    assert closes(port_of(address))
    ((_, _, weights, *options),) = fake()
    assert weights == str(tmp_path / "tiny.gguf")
    settings = dict(zip(options[::2], options[1::2], strict=False))
    assert settings["--host"] == "127.0.0.1" and settings["--port"] == str(port_of(address))
    assert settings["-np"] == "3" and settings["-c"] == str(3 * CONTEXT_TOKENS)  # the context is shared by the slots
    assert "loading the model" in (tmp_path / "logs" / "server.log").read_text()


def test_within_a_run_the_server_is_started_once_and_shared(fake, tmp_path):
    with tiny(tmp_path) as outer:
        with tiny(tmp_path) as inner:
            assert inner == outer
        assert is_open(port_of(outer))  # the inner one does not stop it
        asked = "import os; print(os.environ['" + VARIABLE + "'])"
        child = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
        assert child.stdout.strip() == outer
    assert len(fake()) == 1
    with tiny(tmp_path) as later:
        assert is_open(port_of(later))
    assert len(fake()) == 2


def test_the_server_is_stopped_when_the_run_fails(fake, tmp_path):
    with pytest.raises(KeyError), tiny(tmp_path) as address:
        raise KeyError
    assert VARIABLE not in os.environ and closes(port_of(address))


def test_the_server_ends_when_the_run_is_killed(fake, tmp_path):
    holder = (
        "import sys, time; from pathlib import Path; from program.models.llama_server import serve\n"
        "with serve(Path('tiny.gguf'), name='tiny-model.1', log=Path(sys.argv[1])) as address:\n"
        "    print(address, flush=True); time.sleep(600)"
    )
    run = subprocess.Popen([sys.executable, "-c", holder, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True)
    try:
        assert run.stdout is not None
        port = port_of(run.stdout.readline().strip())
        assert is_open(port)
    finally:
        run.send_signal(signal.SIGKILL)
        run.communicate()
    assert closes(port)


def test_a_server_program_that_is_none_is_an_error(fake, tmp_path, monkeypatch):
    monkeypatch.setenv("ALPHACODIUM_LLAMA_SERVER", str(tmp_path / "nowhere"))
    with pytest.raises(ServerError, match=r"ALPHACODIUM_LLAMA_SERVER: .*nowhere is not a program"), tiny(tmp_path):
        pass
    assert not fake()


def test_a_server_program_that_cannot_be_run_is_an_error_that_names_the_log(fake, tmp_path):
    script(tmp_path, "")  # executable, yet no format the system knows
    (tmp_path / "llama-server").write_bytes(b"\x7fnone")
    with pytest.raises(ServerError, match=r"stopped with exit status \d+; see .*server\.log"), tiny(tmp_path):
        pass
    assert VARIABLE not in os.environ and "Error" in (tmp_path / "logs" / "server.log").read_text()


def test_a_server_that_ends_at_once_is_an_error_at_once(fake, tmp_path, monkeypatch):
    monkeypatch.setattr(llama_server, "START_SECONDS", 20.0)
    script(tmp_path, "#!/bin/sh\necho no such model\nexit 3\n")
    with pytest.raises(ServerError) as caught, tiny(tmp_path):
        pass
    assert "no such model" in (tmp_path / "logs" / "server.log").read_text()
    assert "stopped with exit status 3;" in str(caught.value)


def test_a_server_that_crashes_at_once_is_told_by_its_signal(fake, tmp_path):
    script(tmp_path, "#!/bin/sh\nkill -SEGV $$\n")
    with pytest.raises(ServerError, match="with exit status 139;"), tiny(tmp_path):
        pass
    assert "Fatal Python error" not in (tmp_path / "logs" / "server.log").read_text()


def test_a_server_that_never_gets_ready_is_given_up_and_stopped(fake, tmp_path, monkeypatch):
    monkeypatch.setattr(llama_server, "START_SECONDS", 1.0)
    script(tmp_path, FAKE.replace("Handler.asked > 2", "False"))
    with pytest.raises(ServerError, match=r"did not start within 1 seconds; see .*server\.log"), tiny(tmp_path):
        pass
    for arguments in fake():
        assert closes(int(arguments[arguments.index("--port") + 1]))


def test_a_server_that_will_not_end_is_killed(fake, tmp_path, monkeypatch):
    class Hasty(subprocess.Popen):
        def wait(self, timeout=None):
            return super().wait(timeout and 0.5)

    monkeypatch.setattr(subprocess, "Popen", Hasty)
    stubborn = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nport ="
    script(tmp_path, FAKE.replace("port =", stubborn))
    with tiny(tmp_path) as address:
        pass
    try:
        assert closes(port_of(address), 2)
    finally:
        for process, *_ in fake():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process), signal.SIGKILL)


def test_a_llama_server_on_the_path_is_used(fake, tmp_path, monkeypatch):
    monkeypatch.delenv("ALPHACODIUM_LLAMA_SERVER")
    monkeypatch.setenv("PATH", str(tmp_path))
    with tiny(tmp_path):
        assert len(fake()) == 1


def test_without_any_llama_cpp_the_message_says_what_to_do(fake, tmp_path, monkeypatch):
    monkeypatch.delenv("ALPHACODIUM_LLAMA_SERVER")
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr(llama_server.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ServerError, match="uv sync --group llama"), tiny(tmp_path):
        pass


# With the real one


@pytest.fixture(scope="module")
def embedded():
    from program.models.names import DEFAULT_MODEL
    from program.models.open import CACHE_FOLDER, open_lm

    weights = ROOT / CACHE_FOLDER / "weights" / MODELS[DEFAULT_MODEL.removeprefix("local/")].file
    if not weights.is_file() and "ALPHACODIUM_WEIGHTS" not in os.environ:
        pytest.skip(f"no weights at {weights}: run `make quickstart` once")
    with open_lm(DEFAULT_MODEL, slots=2) as lm:
        yield lm


@pytest.mark.embedded
def test_the_embedded_lm_fills_a_structured_stage_within_its_bounds(embedded, double, trace, lean_adapter):
    import dspy

    from program.stage.stage import Stage
    from signatures.tests import WriteTests

    with dspy.context(lm=embedded):
        answer = Stage(WriteTests, 400, 0.2, max_items={"tests": 2})(0, problem=double.text(), reflection=[], count=2)
    assert answer is not None and 1 <= len(answer.tests) <= 2
    assert all(call.prompt_tokens and call.completion_tokens for call in trace.calls)
    raw = json.loads(embedded.history[-1]["outputs"][-1])  # the very answer is JSON in the form of the schema
    assert list(raw) == ["tests"] and all(set(t) == {"input", "output", "explanation"} for t in raw["tests"])


@pytest.mark.embedded
def test_the_embedded_lm_writes_a_program(embedded, double, trace, lean_adapter):
    import dspy

    from program.baselines.direct import Direct

    with dspy.context(lm=embedded):
        code = Direct()(problem=double).code
    assert code and compile(code, "program.py", "exec")  # whether it is right is the model's affair


@pytest.mark.embedded
def test_the_embedded_lm_does_not_write_for_ever(embedded, trace, lean_adapter):
    import dspy

    from program.stage.stage import Stage
    from signatures.code import SolveDirectly

    with dspy.context(lm=embedded):
        Stage(SolveDirectly, 24, 0.2, attempts=1)(0, problem="Count")
    (call,) = trace.calls
    assert 0 < call.completion_tokens <= 24
