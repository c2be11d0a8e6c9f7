"""The common frame of all commands: options, errors and exit status.

Exit status: 0 done, 1 outage, 2 bad input, 3 a requested check failed. Every error, expected or not, is printed in one
line; a traceback is only printed with `--debug`.
"""

from __future__ import annotations

import argparse
import errno
import logging
import os
import sys
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from typing import NoReturn

from judge.verdict import JudgeError
from program.cli.output import one_line, shown_output
from program.errors import ModelError, StorageError, UserError
from program.stopping import Interrupted, status, watched

USER_ERROR = 2
OUTAGE = 1
CHECK_FAILED = 3  # for example `eval.compare --fail-if-worse` if an arm may be worse
NOBODY_READS = 141  # the shell's status for a command whose pipe was closed
LONGEST = 2000  # maximum characters of the error line
# Errors of a path that the user gave. Any other system error is an outage.
BAD_PATHS = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)
BAD_PATH_NUMBERS = (errno.ENAMETOOLONG, errno.ELOOP, errno.EROFS, errno.EINVAL)
# If this contains a list, `run_command` appends its parser and runs nothing; see `parser_of`.
_parsers: ContextVar[list[argparse.ArgumentParser] | None] = ContextVar("parsers", default=None)


def run_command(parser: argparse.ArgumentParser, work: Callable[[argparse.Namespace], int | None]) -> None:
    """Parse the options of a command, run `work` with them, and exit with the matching status.

    Args:
        parser: has all options of the command; `--debug` is added here.
        work: runs the command; it may return an exit status, None is 0.
    """
    parser.error = _refuse_options
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    if (parsers := _parsers.get()) is not None:
        parsers.append(parser)
        return
    # DSPy logs truncation and type notices, which the trace has too. It sets its own level on import, hence a filter.
    logging.getLogger("dspy").setLevel(logging.ERROR)
    for name in ("dspy.clients.lm", "dspy.predict.predict"):
        logging.getLogger(name).addFilter(lambda record: record.levelno >= logging.ERROR)
    debug = "--debug" in sys.argv
    try:
        with shown_output(), watched():
            _refuse_odd_arguments()
            ended = work(parser.parse_args())
            sys.stdout.flush()
        if ended:
            sys.exit(ended)
    except BrokenPipeError:
        _drop_output()
        sys.exit(NOBODY_READS)
    except (KeyboardInterrupt, Interrupted):
        sys.exit(status())
    except Exception as fault:  # noqa: BLE001  the one place that catches everything: each error becomes one line
        if debug:
            traceback.print_exc()
        ended, line = _verdict(fault)
        line = one_line(line)
        if sys.stderr is not None:
            print(f"error: {line if len(line) <= LONGEST else line[:LONGEST] + ' …'}", file=sys.stderr)
        _drop_output()
        sys.exit(ended)


def parser_of(main: Callable[[], None]) -> argparse.ArgumentParser:
    """The parser of a command, without running it.

    Args:
        main: the main function of the command's module, which ends with `run_command`.

    Raises:
        ValueError: it did not call `run_command`.
    """
    found: list[argparse.ArgumentParser] = []
    token = _parsers.set(found)
    try:
        main()
    finally:
        _parsers.reset(token)
    (parser,) = found
    return parser


def _verdict(fault: Exception) -> tuple[int, str]:
    """The exit status and the message for an error."""
    said = " ".join(str(fault).split())
    if isinstance(fault, UserError):
        return USER_ERROR, said
    if isinstance(fault, ModelError | JudgeError | StorageError) or _is_dspys_lm_error(fault):
        return OUTAGE, said
    if isinstance(fault, OSError) and fault.strerror:
        is_path = isinstance(fault, BAD_PATHS) or fault.errno in BAD_PATH_NUMBERS
        where = f"{fault.filename}: " if fault.filename is not None else ""
        return (USER_ERROR if is_path and where else OUTAGE), f"{where}{fault.strerror}"
    return OUTAGE, f"{type(fault).__name__}: {said} (unexpected error; --debug shows the traceback)"


def _refuse_options(message: str) -> NoReturn:
    """Replaces the error function of `argparse`, which would print all options."""
    raise UserError(f"{message} (--help shows the options)")


def _refuse_odd_arguments() -> None:
    """Refuse arguments that are not valid text: they could not be stored or printed."""
    for argument in sys.argv[1:]:
        if any("\ud800" <= char <= "\udfff" or char == "\0" for char in argument):
            raise UserError(f"{argument!r} is not text in the encoding of this machine")


def _is_dspys_lm_error(fault: Exception) -> bool:
    """Whether an error of the provider, for example about a key or a bill, ended the command."""
    dspy = sys.modules.get("dspy")  # not imported here: without DSPy there are no such errors
    return dspy is not None and isinstance(fault, dspy.LMError)


def _drop_output() -> None:
    """Discard the remaining output. Otherwise Python would write it at exit, and fail with a traceback if the pipe is
    closed or the disk is full."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
