"""What commands write: texts of strangers show no control characters, cells are no formulas, streams may be odd."""

import csv
import io
import json
import os
import subprocess
import sys

import pytest

import eval.audit
import eval.compare
import eval.export
import eval.summarize
from eval.given.run_table import FORMULAS
from program.cli.command import run_command
from program.cli.output import escaped_json, harmless, one_line
from tests.support.packs import call, isolate, number_task, printed, write_dataset
from tests.support.paths import ROOT
from tests.support.rollouts import rollout, store

NASTY = "\x1b]0;owned\x07 \u202eabc\u2066 \x9b31m"
SHOW = [sys.executable, "-m", "optimize.show", "artifacts/direct"]


def test_control_characters_are_replaced_and_everything_else_stays():
    assert not any(char in harmless(NASTY) for char in "\x1b\x07\u202e\u2066\x9b")
    assert harmless("tab\tand\nline, ünï → 你好\u3000\u00a0!") == "tab\tand\nline, ünï → 你好\u3000\u00a0!"
    assert one_line("a\r\nb\tc") == "a b c"
    text = json.dumps({"name": NASTY + "\U000e0001"}, ensure_ascii=False)
    assert harmless(escaped_json(text)) == escaped_json(text) and json.loads(escaped_json(text)) == json.loads(text)


def test_names_of_strangers_are_harmless_in_every_table(monkeypatch, tmp_path):
    isolate(monkeypatch, tmp_path / "cache")
    task = number_task(f"Twice {NASTY}", lambda n: 2 * n, "2 * n")
    data = write_dataset(tmp_path / "data", {"valid": [{**task.row(), "cf_tags": [NASTY]}]}, "jsonl")
    run = store(tmp_path / "run", [rollout(f"Twice {NASTY}", arm=f"{arm} {NASTY}") for arm in ("arm", "other")])
    commands = [
        (eval.audit.main, "--data", data, "--split", "valid", "--out", tmp_path / "exclude.json"),
        *((main, run) for main in (eval.compare.main, eval.summarize.main, eval.export.main)),
        (eval.export.main, run, "--format", "json"),
        (eval.export.main, run, "--format", "markdown"),
    ]
    for main, *words in commands:
        said = printed(monkeypatch, main, *words)
        assert said == harmless(said), main.__module__


@pytest.mark.parametrize("begin", FORMULAS)
def test_no_cell_of_a_csv_file_is_a_formula(begin, monkeypatch, tmp_path):
    run = store(tmp_path / "run", [rollout(f"{begin}HYPERLINK(1)")])
    (row,) = csv.DictReader(io.StringIO(printed(monkeypatch, eval.export.main, run)))
    assert row["problem"].startswith("'") and row["problem"].endswith("HYPERLINK(1)")


def test_an_unforeseen_error_is_a_line_with_a_traceback_on_request(monkeypatch, capsys):
    import argparse

    def main():
        run_command(argparse.ArgumentParser(), lambda _: {}["nobody\nforesaw"])

    assert call(monkeypatch, main) == 1
    assert capsys.readouterr().err.startswith("error: KeyError: ") and "\n" not in capsys.readouterr().err[:-1]
    assert call(monkeypatch, main, "--debug") == 1
    assert "Traceback" in capsys.readouterr().err


def test_bad_options_are_one_line(monkeypatch, capsys):
    for words in (["--limit", "0"], ["--nosuch"], ["--n", "nan"]):
        assert call(monkeypatch, eval.audit.main, *words) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def shown(stdout: str, **environment: str) -> tuple[int, str, str]:
    """Exit status, output and errors of a command whose standard output the shell has made so."""
    words = ["sh", "-c", f'exec "$@" {stdout}', "sh", *SHOW]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    ended = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, check=False)
    return ended.returncode, ended.stdout.decode(), ended.stderr.decode()


def test_a_closed_and_a_full_standard_output_are_said_in_a_line():
    assert shown(">&-") == (2, "", "error: standard output is closed\n")
    assert shown(">/dev/full") == (1, "", "error: No space left on device\n")


def test_what_a_stream_cannot_encode_is_escaped():
    status, said, errors = shown("", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (status, errors) == (0, "") and said.isascii() and "artifacts/direct" in said
