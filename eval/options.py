"""Options that several commands share: which problems, and how they are judged."""

from __future__ import annotations

import argparse

CHECKERS = ("strict", "deepmind")
DATA_HELP = "pack, a hub name, a local folder or file of a dataset, or problems as JSON"


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add `--data` and `--split`."""
    parser.add_argument("--data", default="pack", help=f"{DATA_HELP} (default: %(default)s)")
    parser.add_argument("--split", default="test", help="(default: %(default)s)")


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add `--match`, `--tags`, `--difficulty`, `--exclude` and `--limit`."""
    parser.add_argument("--match", help="only problems whose name has this regular expression in it")
    parser.add_argument("--tags", type=words, metavar="TAG,…", help="only problems with one of these tags")
    parser.add_argument(
        "--difficulty", type=words, metavar="D,…", help="only problems of one of these difficulties: A,B or EASY"
    )
    add_exclude(parser)
    parser.add_argument("--limit", type=int, help="of these only the first")


def add_exclude(parser: argparse.ArgumentParser) -> None:
    """Add `--exclude`, a file of problems to leave out."""
    parser.add_argument("--exclude", help="without the problems this file names (see eval.audit)")


def add_checker(parser: argparse.ArgumentParser) -> None:
    """Add `--checker`, the rule by which outputs are compared."""
    parser.add_argument("--checker", choices=CHECKERS, default="strict", help="(default: %(default)s)")


def add_executor(parser: argparse.ArgumentParser) -> None:
    """Add `--executor` and `--ray-address`; see `eval.cluster.execution`."""
    parser.add_argument(
        "--executor",
        choices=("threads", "ray"),
        default="threads",
        help="where programs run and are judged: here, or on a Ray cluster (docs/howto/scale.md; default: %(default)s)",
    )
    parser.add_argument(
        "--ray-address",
        metavar="ADDRESS",
        help="of a running cluster, or auto for the one this machine is in (default: that, or else a new one here)",
    )


def add_sandbox(parser: argparse.ArgumentParser) -> None:
    """Add `--sandbox`; see `judge.shared.set_default_sandbox`."""
    choices = ("require", "prefer", "off")
    parser.add_argument("--sandbox", choices=choices, default="prefer", help="(default: %(default)s)")


def words(text: str) -> tuple[str, ...]:
    """ "dp, number theory" as ("dp", "number theory")."""
    return tuple(word.strip() for word in text.split(",") if word.strip())
