"""What every command does with its options and with errors: exit 0 done, 1 outage, 2 bad input, in one clear line; 3
where a check that was asked for has failed.

A traceback is shown with `--debug` only. Whatever no part of the command has foreseen becomes a line here, too.
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
CHECK_FAILED = 3  # as `eval.compare --fail-if-worse` ends where an arm may be worse
NOBODY_READS = 141  # as the shell says of a command whose pipe was closed
LONGEST = 2000  # characters of the line that says what went wrong
# What is wrong with a path that a user has named; any other error of the system is an outage.
BAD_PATHS = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)
BAD_PATH_NUMBERS = (errno.ENAMETOOLONG, errno.ELOOP, errno.EROFS, errno.EINVAL)
# Where this holds a list, `run_command` adds its parser there and runs nothing; see `parser_of`.
_parsers: ContextVar[list[argparse.ArgumentParser] | None] = ContextVar("parsers", default=None)


def run_command(parser: argparse.ArgumentParser, work: Callable[[argparse.Namespace], int | None]) -> None:
    """Read the options of a command, do its `work` with them, and leave the process with the status that fits how it
    ended.

    Args:
        parser: knows every option of the command; `--debug` is added.
        work: what the command does; it may give an exit status, None is 0.
    """
    parser.error = _refuse_options
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    if (parsers := _parsers.get()) is not None:
        parsers.append(parser)
        return
    # Truncation and type notices: failures are in the trace. DSPy sets its own level when it is imported, so a filter.
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
    except Exception as fault:  # noqa: BLE001  the one place: what nobody has foreseen is a line, too
        if debug:
            traceback.print_exc()
        ended, line = _verdict(fault)
        line = one_line(line)
        if sys.stderr is not None:
            print(f"error: {line if len(line) <= LONGEST else line[:LONGEST] + ' …'}", file=sys.stderr)
        _drop_output()
        sys.exit(ended)


def parser_of(main: Callable[[], None]) -> argparse.ArgumentParser:
    """The parser of a command, which is not run.

    Args:
        main: the function that the command's module calls, which ends with `run_command`.

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
    """The exit status for an error, and what is said of it."""
    said = " ".join(str(fault).split())
    if isinstance(fault, UserError):
        return USER_ERROR, said
    if isinstance(fault, ModelError | JudgeError | StorageError) or _is_dspys_lm_error(fault):
        return OUTAGE, said
    if isinstance(fault, OSError) and fault.strerror:
        is_path = isinstance(fault, BAD_PATHS) or fault.errno in BAD_PATH_NUMBERS
        where = f"{fault.filename}: " if fault.filename is not None else ""
        return (USER_ERROR if is_path and where else OUTAGE), f"{where}{fault.strerror}"
    return OUTAGE, f"{type(fault).__name__}: {said} (unforeseen; --debug shows where)"


def _refuse_options(message: str) -> NoReturn:
    """What `argparse` calls where it cannot read the options; by itself it would show all of them."""
    raise UserError(f"{message} (--help shows the options)")


def _refuse_odd_arguments() -> None:
    """Arguments that are no text could be neither stored nor shown."""
    for argument in sys.argv[1:]:
        if any("\ud800" <= char <= "\udfff" or char == "\0" for char in argument):
            raise UserError(f"{argument!r} is no text in the encoding of this machine")


def _is_dspys_lm_error(fault: Exception) -> bool:
    """Whether a provider's refusal, for instance of a key or a bill, ended the command in the middle of its work."""
    dspy = sys.modules.get("dspy")  # not imported: who never loaded it met none of its errors
    return dspy is not None and isinstance(fault, dspy.LMError)


def _drop_output() -> None:
    """What is still to be written is not: Python would try once more at its end, and fail with a traceback where what
    reads has seen enough or the disk is full."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
