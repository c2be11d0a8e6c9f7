"""An artifact is data from a stranger: it is refused in one line, or asks the model of the user and nobody else."""

import json
import shutil
import socket
import threading
from pathlib import Path

import dspy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import eval.compare
import eval.replication
import eval.run
import optimize.compile
import optimize.show
import program.solve
from program import artifact
from program.errors import UserError
from program.models.sampling_settings import ArtifactLM
from program.problem import Problem
from tests.support.openai_server import serving
from tests.support.packs import call, isolate, write_pack, write_start
from tests.support.paths import ROOT
from tests.support.scripted import scripted_lm

CONNECTION = {
    "api_base": "ADDRESS",
    "base_url": "ADDRESS",
    "api_key": "sk-stranger",
    "headers": {"x-to": "ADDRESS"},
    "extra_headers": {"x-to": "ADDRESS"},
    "engine": "ADDRESS",
    "model_list": [{"api_base": "ADDRESS"}],
    "callbacks": ["os.system"],
    "num_retries": 1000,
    "n": 100,
    "cache": True,
    "rollout_id": 3,
    "timeout": 1,
    "custom_llm_provider": "openai",
    "provider": "server",
}


@pytest.fixture(scope="module")
def stranger():
    """An address that nobody may ever connect to."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        met, done = [], threading.Event()

        def accept():
            while not done.is_set():
                try:
                    met.append(listening.accept())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        done.set()
        thread.join()
    assert not met, "a stranger's server was asked"


def with_address(value, address: str):
    return json.loads(json.dumps(value).replace("ADDRESS", address))


def change(path: Path, **updates) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **updates}))


def refused(status: int, said: str, *words: str) -> None:
    assert (status, len(said.splitlines()), said[:7]) == (2, 1, "error: "), said
    assert all(word in said for word in words), said


@pytest.fixture
def tools(tmp_path, monkeypatch, stranger):
    isolate(monkeypatch, tmp_path / "cache")
    return write_pack(tmp_path / "data"), write_start(tmp_path / "start", "direct")


@pytest.mark.parametrize("key", CONNECTION)
def test_a_setting_of_a_connection_is_refused_by_name(key, tools, stranger, tmp_path, monkeypatch, capsys):
    data, start = tools
    change(start / "manifest.json", lm={"model": "openai/m", key: with_address(CONNECTION[key], stranger)})
    problem = tmp_path / "problem.json"
    problem.write_text(json.dumps({"name": "Sum", "description": "Print a + b."}))
    with serving("```python\nprint(3)\n```") as server:
        to = ("--lm", "openai/m", "--api-base", server.address)
        refused(call(monkeypatch, program.solve.main, problem, "--artifact", start, *to), capsys.readouterr().err, key)
        run = (start, "--data", data, "--out", tmp_path / "run", *to)
        refused(call(monkeypatch, eval.run.main, *run), capsys.readouterr().err, key)
        compiling = ("--start", start, "--data", data, "--out", tmp_path / "compiled", *to)
        refused(call(monkeypatch, optimize.compile.main, *compiling), capsys.readouterr().err, key)
        assert not server.requests and not (tmp_path / "run").exists() and not (tmp_path / "compiled").exists()


@pytest.mark.parametrize("key", CONNECTION)
def test_a_setting_of_a_connection_is_not_saved(key, tmp_path):
    made = artifact.new_program("direct", {})
    with pytest.raises(artifact.ArtifactError, match=key):
        artifact.save(tmp_path, made, artifact.describe("direct", made).model_copy(update={"lm": {key: 1}}))
    assert not (tmp_path / "manifest.json").exists()


@pytest.mark.parametrize("key", ["config", "lm", "train", "traces", "engine", "adapter", "__class__"])
def test_a_state_of_a_predictor_brings_nothing_but_its_prompt(key, tools, stranger, monkeypatch, capsys):
    _, start = tools
    state = json.loads((start / "program.json").read_text())
    state["solve.predict"][key] = {"model": "openai/m", "api_base": stranger}
    (start / "program.json").write_text(json.dumps(state))
    refused(call(monkeypatch, optimize.show.main, start), capsys.readouterr().err, "solve.predict")


@pytest.mark.parametrize("demo", [{"problem": 3}, {"code": ["x"]}, {"plan": "x"}, {"problem": "x", "augmented": "yes"}])
def test_a_demonstration_has_the_fields_of_its_predictor(demo, tools, monkeypatch, capsys):
    _, start = tools
    state = json.loads((start / "program.json").read_text())
    state["solve.predict"]["demos"] = [demo]
    (start / "program.json").write_text(json.dumps(state))
    refused(call(monkeypatch, optimize.show.main, start), capsys.readouterr().err, "solve.predict")


def test_every_documented_sampling_setting_is_taken(tools):
    _, start = tools
    values = {
        **{"temperature": 1, "top_p": 0.9, "top_k": 40, "max_tokens": 9, "presence_penalty": 0.1},
        **{"frequency_penalty": -0.1, "seed": 3, "stop": ["```"], "reasoning_effort": "low", "model": "openai/m"},
    }
    assert set(values) == set(ArtifactLM.model_fields)
    change(start / "manifest.json", lm=values)
    loaded, manifest = artifact.load(start)
    assert {**loaded.lm_settings, "model": "openai/m"} == values == manifest.lm


def test_an_artifact_in_the_folder_of_a_run_is_data_of_a_stranger_too(tools, stranger, tmp_path, monkeypatch, capsys):
    run = tmp_path / "run"
    shutil.copytree(ROOT / "runs" / "compiled-once-0.5b", run)
    for arm in (run / "artifacts").iterdir():
        change(arm / "manifest.json", lm={"api_base": stranger})
    for main in (eval.compare.main, eval.replication.main):
        refused(call(monkeypatch, main, run), capsys.readouterr().err, "api_base")


GATE = {"decision": "better", "start": 0.1, "compiled": 0.5, "gain": 0.4, "interval": [0.1, 0.7]}
TOLD = {
    "gate": [{}, {"decision": "shipped"}, {"decision": "better"}, {**GATE, "interval": None}, {**GATE, "gain": "much"}],
    "scores": [{"problems": 3, "solved": "many"}, {"problems": "many"}, {"problems": [1], "solved": 1}],
    "compile": [{"settings": ["x"]}, {"start": ["x"]}, {"stopped": 3}, {"problems": "x"}],
    "cost": [{"calls": "many"}, {"seconds": "long"}, {"dollars": {}}, {"prompt_tokens": [1]}],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in TOLD.items() for value in values])
def test_what_an_artifact_says_of_its_compilation_is_shown_or_refused_by_name(key, value, tools, monkeypatch, capsys):
    _, start = tools
    change(start / "manifest.json", **{key: value})
    for arguments in ((start,), (ROOT / "artifacts" / "direct", start)):
        status = call(monkeypatch, optimize.show.main, *arguments)
        said = capsys.readouterr().err
        assert (status == 0 and not said) or refused(status, said, key) is None


# A fuzz: some place of a valid artifact gets some other value, or an object another key.

ODD = st.sampled_from(
    [None, True, -1, 0, 3, 10**30, 1.5, float("nan"), "", "x", "\x1b]0;title\x07", "ADDRESS", [], ["ADDRESS"], {}]
    + [{key: value} for key, value in CONNECTION.items()]
    + [{"model": "openai/m", **CONNECTION}, [[[[]]]], "9" * 50]
)
KEYS = st.sampled_from([*CONNECTION, "lm", "config", "demos", "signature", "__class__", "", "../x", "kwargs", "fields"])
FOLDERS = ("handwritten", "direct-bootstrap-0.5b", "direct")


def places(value, found=()):
    """The containers of a JSON value."""
    found = [value] if isinstance(value, dict | list) else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return found + [place for each in inner for place in places(each)]


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    return {name: shutil.copytree(ROOT / "artifacts" / name, tmp_path_factory.mktemp(name) / name) for name in FOLDERS}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_artifact_is_refused_in_a_line_or_asks_the_given_model(data, copies, stranger, runs):
    name = data.draw(st.sampled_from(FOLDERS))
    file = data.draw(st.sampled_from(["manifest.json", "program.json"]))
    whole = (ROOT / "artifacts" / name / file).read_text()
    value = json.loads(whole)
    place = data.draw(st.sampled_from(places(value)))
    odd = with_address(data.draw(ODD), stranger)
    if isinstance(place, list):
        place.append(odd)
    else:
        place[data.draw(st.sampled_from(sorted(place)) if place else KEYS)] = odd
        if data.draw(st.booleans()):
            place[data.draw(KEYS)] = odd
    (copies[name] / file).write_text(json.dumps(value))
    try:
        loaded = artifact.load_program(copies[name])
    except UserError as fault:
        assert str(fault)
        return
    finally:
        (copies[name] / file).write_text(whole)
    assert set(loaded.lm_settings) <= set(ArtifactLM.model_fields)
    asked = scripted_lm(lambda prompt: "```python\nprint(3)\n```")
    with dspy.context(lm=asked):
        loaded(problem=Problem.from_text("Print a + b.", [("1 2\n", "3\n")]))
