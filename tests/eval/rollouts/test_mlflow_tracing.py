"""Tracing to MLflow: a run's prompts and answers are in a local store; without MLflow the option says what to do."""

import re
import sys

import pytest

import eval.run
from eval.errors import RunError
from eval.rollouts.mlflow_tracing import mlflow_traces
from tests.support.packs import answer_rule, call, isolate, use_lm, write_pack, write_start


def options(folder, *more: str) -> list:
    return [
        write_start(folder / "start", "direct"),
        "--data",
        write_pack(folder / "data"),
        "--out",
        folder / "run",
        *more,
    ]


def test_a_run_is_traced_into_a_local_store(tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow", reason="no MLflow: uv sync --inexact --group mlflow")
    isolate(monkeypatch, tmp_path / "cache")
    use_lm(monkeypatch, answer_rule(Cube="wrong"))
    assert call(monkeypatch, eval.run.main, *options(tmp_path, "--mlflow", (tmp_path / "store").as_uri())) == 0
    mlflow.set_tracking_uri((tmp_path / "store").as_uri())
    (experiment,) = [found for found in mlflow.search_experiments() if found.name == "run"]
    traces = mlflow.search_traces(locations=[experiment.experiment_id], return_type="list")
    asked = sorted(trace.data.spans[0].inputs["problem"]["name"] for trace in traces)
    assert asked == ["Cube", "Predecessor", "Thrice"]
    everything = "".join(span.to_dict().__repr__() for trace in traces for span in trace.data.spans)
    assert "The task is called Cube." in everything and "n ** 3 if n < 10" in everything
    assert not {"1728", "91125"} & {*re.findall(r"\w+", everything)}, "hidden tests; ids and times have such digits too"


def test_nothing_is_traced_after_the_run(tmp_path):
    pytest.importorskip("mlflow", reason="no MLflow: uv sync --inexact --group mlflow")
    import dspy

    before = list(dspy.settings.callbacks)
    with mlflow_traces((tmp_path / "store").as_uri(), "block"):
        assert len(dspy.settings.callbacks) == len(before) + 1
    assert dspy.settings.callbacks == before


def test_a_store_that_cannot_be_used_is_a_user_error(tmp_path):
    pytest.importorskip("mlflow", reason="no MLflow: uv sync --inexact --group mlflow")
    with pytest.raises(RunError, match="--mlflow nonsense://x"), mlflow_traces("nonsense://x", "block"):
        raise AssertionError("the block must not begin")


def test_without_mlflow_the_option_names_what_to_install(tmp_path, monkeypatch, capsys):
    isolate(monkeypatch, tmp_path / "cache")
    monkeypatch.setitem(sys.modules, "mlflow", None)
    prompts = use_lm(monkeypatch, answer_rule())
    assert call(monkeypatch, eval.run.main, *options(tmp_path, "--mlflow", "file:///nowhere")) == 2
    assert capsys.readouterr().err == "error: --mlflow needs MLflow: uv sync --inexact --group mlflow\n"
    assert prompts == []


def test_without_the_option_mlflow_is_not_imported(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with mlflow_traces(None, "block"):
        pass
