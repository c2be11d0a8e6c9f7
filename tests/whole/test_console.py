"""The tool as it is installed: its console command, and the data that its wheel brings along."""

import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import program.manifest
from program.artifact import load_program
from program.cli.console import COMMANDS, main
from program.cli.folders import ArtifactName
from program.errors import UserError
from tests.support.paths import ROOT
from tests.whole.test_help import commands

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WHEEL = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]


def test_the_entry_point_is_the_console_command():
    module, name = PROJECT["project"]["scripts"]["alphacodium"].split(":")
    assert getattr(import_module(module), name) is main


def test_its_sub_commands_are_those_of_the_repository():
    developers = {"eval.pack.build"}  # makes the bundled data
    assert set(COMMANDS) == set(commands()) - developers


def test_a_sub_command_gets_its_arguments(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["alphacodium", "eval.compare", "--help"])
    with pytest.raises(SystemExit, match="0"):
        main()
    assert "--fail-if-worse" in capsys.readouterr().out


def test_without_one_they_are_listed_and_another_name_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["alphacodium"])
    main()
    assert set(COMMANDS) <= set(capsys.readouterr().out.split())
    monkeypatch.setattr(sys, "argv", ["alphacodium", "eval.comparr"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "did you mean eval.compare" in capsys.readouterr().err


def test_the_wheel_has_every_package_and_the_hand_written_programs():
    assert sorted(WHEEL["packages"]) == sorted(PROJECT["tool"]["importlinter"]["root_packages"])
    for source, place in WHEEL["force-include"].items():
        assert (ROOT / place).parent == program.manifest.PACKAGED and Path(place).name == Path(source).name
        assert program.manifest.read_manifest(ROOT / source).origin == "hand-written"
    default = {"artifacts/adaptive", "artifacts/handwritten"}  # of program.solve, and of optimize.compile
    assert default <= WHEEL["force-include"].keys()


def test_a_hand_written_program_is_found_in_the_wheel_where_the_folder_has_none(monkeypatch, tmp_path):
    monkeypatch.setattr(program.manifest, "PACKAGED", ROOT / "artifacts")
    monkeypatch.chdir(tmp_path)
    ArtifactName.check(Path("artifacts/direct"))
    assert load_program("artifacts/direct").config == load_program(ROOT / "artifacts" / "direct").config
    Path("artifacts/direct").mkdir(parents=True)
    for strange in ("artifacts/direct", "elsewhere/direct", "artifacts/nothing"):
        with pytest.raises(UserError, match="is not an artifact"):
            ArtifactName.check(Path(strange))
