"""Optional tracing with MLflow: every module call, prompt and answer of a run, in MLflow's own viewer.

Programs see no hidden tests, so traces contain none.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from eval.errors import RunError


@contextmanager
def mlflow_traces(uri: str | None, experiment: str) -> Iterator[None]:
    """Send the traces of all DSPy calls inside the block to `uri`; None for no tracing.

    Args:
        uri: a tracking server (`http://…`), a folder (`file:///…` or a path), or another URI that MLflow accepts.
        experiment: the name of the MLflow experiment.

    Raises:
        RunError: MLflow is not installed, or `uri` cannot be used.
    """
    if uri is None:
        yield
        return
    # MLflow 3 refuses folders by default; here the user asked for one.
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")  # the default waits for minutes for a missing server
    try:
        mlflow: Any = importlib.import_module("mlflow")
        importlib.import_module("mlflow.dspy")
    except ImportError as fault:
        raise RunError("--mlflow needs MLflow: uv sync --inexact --group mlflow") from fault
    try:
        mlflow.set_tracking_uri(uri)
        mlflow.set_experiment(experiment)
    except (mlflow.MlflowException, ImportError) as fault:
        raise RunError(f"--mlflow {uri}: {' '.join(str(fault).split())[:300]}") from fault
    mlflow.dspy.autolog()
    try:
        yield
    finally:
        mlflow.flush_trace_async_logging()
        mlflow.dspy.autolog(disable=True)
