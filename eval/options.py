"""What the commands share: their parsers, and options for runs, problems and judging."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from program.cli.folders import RunName

CHECKERS = ("strict", "deepmind")
DATA_HELP = "pack, a hub name, a local folder or file of a dataset, problem packages, or problems as JSON"

SANDBOX_HELP = (
    "require: judge only with all protections; prefer: warn if some are missing; off: none (default: %(default)s)"
)

MOST = 10**6  # rollouts, problems or programs


def whole(least: int = 1, most: int = MOST) -> Callable[[str], int]:
    """Returns a reader of integer options from `least` to `most`."""

    def read(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"must be {least:,} to {most:,}")
        return number

    read.__name__ = "int"
    return read


def points_lost(text: str) -> float:
    """Read a loss in percentage points, 0 to 100."""
    number = float(text)
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError("must be 0 to 100")
    return number


points_lost.__name__ = "number"


def path_name(text: str) -> Path:
    """Read a path. An empty one is refused, because it would mean the current folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError("must not be empty")
    return Path(text)


def file_name(text: str) -> Path:
    """Like `path_name`, for a file: a path that can only name a folder is refused."""
    path = path_name(text)
    if path.name in ("", "..") or path.is_dir():
        raise argparse.ArgumentTypeError("must name a file")
    return path


def command_parser(name: str, description: str) -> argparse.ArgumentParser:
    """The parser of `python -m eval.NAME`, still without options."""
    return argparse.ArgumentParser(prog=f"python -m eval.{name}", description=description)


def add_run(parser: argparse.ArgumentParser, said: str = "a folder written by eval.run") -> None:
    """Add the folder of a run, and `--exclude`."""
    parser.add_argument("run", type=path_name, action=RunName, help=said)
    add_exclude(parser)


def add_runs(parser: argparse.ArgumentParser, named: type[RunName] = RunName) -> None:
    """Add the folders of runs, or other paths that `named` accepts, and `--exclude`."""
    text = "folders written by eval.run on the same data; the first arm is the baseline"
    parser.add_argument("runs", nargs="+", type=path_name, action=named, help=text)
    add_exclude(parser)


def add_arms(parser: argparse.ArgumentParser) -> None:
    """Add `--arms`."""
    parser.add_argument("--arms", nargs="+", help="only these arms, in this order")


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add `--data` and `--split`."""
    parser.add_argument("--data", default="pack", help=f"{DATA_HELP} (default: %(default)s)")
    parser.add_argument("--split", default="test", help="(default: %(default)s)")


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add `--match`, `--tags`, `--difficulty`, `--exclude` and `--limit`."""
    parser.add_argument("--match", help="only problems with a name that matches this regular expression somewhere")
    parser.add_argument("--tags", type=words, metavar="TAG,…", help="only problems with one of these tags")
    parser.add_argument(
        "--difficulty", type=words, metavar="D,…", help="only problems of one of these difficulties: A,B or EASY"
    )
    add_exclude(parser)
    parser.add_argument("--limit", type=whole(), help="only the first of these problems")


def add_total(parser: argparse.ArgumentParser) -> None:
    """Add the options for a total budget that is spread over all problems."""
    text = "for all problems together, for each program and sample; each draw goes where it most likely helps"
    for option, kind in (("calls", int), ("tokens", int), ("dollars", float)):
        parser.add_argument(f"--total-{option}", type=kind, metavar="N", help=f"{option} {text}")


def add_exclude(parser: argparse.ArgumentParser) -> None:
    """Add `--exclude`, a file of problems to leave out."""
    parser.add_argument("--exclude", help="leave out the problems in this file (see eval.audit)")


def add_checker(parser: argparse.ArgumentParser) -> None:
    """Add `--checker`, the rule by which outputs are compared."""
    parser.add_argument("--checker", choices=CHECKERS, default="strict", help="(default: %(default)s)")


def add_answers(parser: argparse.ArgumentParser) -> None:
    """Add `--answers`."""
    parser.add_argument(
        "--answers",
        action="append",
        default=[],
        type=path_name,
        metavar="FOLDER",
        help="folder of a run or a ledger; its paid answers are reused for free where prompt and draw are the same",
    )


def add_executor(parser: argparse.ArgumentParser) -> None:
    """Add `--executor` and `--ray-address`; see `eval.cluster.execution`."""
    parser.add_argument(
        "--executor",
        choices=("threads", "ray"),
        default="threads",
        help="run and judge programs here or on a Ray cluster (docs/howto/scale.md; default: %(default)s)",
    )
    parser.add_argument(
        "--ray-address",
        metavar="ADDRESS",
        help="of a running cluster, or auto for this machine's cluster (default: that one, or else a new one here)",
    )


def add_sandbox(parser: argparse.ArgumentParser) -> None:
    """Add `--sandbox`; see `judge.shared.set_default_sandbox`."""
    choices = ("require", "prefer", "off")
    parser.add_argument("--sandbox", choices=choices, default="prefer", help=SANDBOX_HELP)


def words(text: str) -> tuple[str, ...]:
    """ "dp, number theory" as ("dp", "number theory")."""
    return tuple(word.strip() for word in text.split(",") if word.strip())
