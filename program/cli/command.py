"""What every command does with errors: exit 0 done, 1 outage, 2 user error in one clear line without a traceback."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable

from judge.verdict import JudgeError
from program.errors import ModelError, StorageError, UserError
from program.stopping import Interrupted, status, watched

USER_ERROR = 2
OUTAGE = 1
NOBODY_READS = 141  # as the shell says of a command whose pipe was closed


def run_command(main: Callable[[], None]) -> None:
    """Call `main` and leave the process with the exit status that fits how it ended."""
    logging.getLogger("dspy").setLevel(logging.ERROR)  # truncation and type notices; failures are in the trace
    try:
        with watched():
            main()
            sys.stdout.flush()
    except BrokenPipeError:
        # What reads, `head` for one, has seen enough. Python would flush once more at its end and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(NOBODY_READS)
    except UserError as fault:
        _leave(USER_ERROR, fault)
    except (ModelError, JudgeError, StorageError) as fault:
        _leave(OUTAGE, fault)
    except (KeyboardInterrupt, Interrupted):
        sys.exit(status())
    except Exception as fault:
        if not _is_dspys_lm_error(fault):
            raise
        _leave(OUTAGE, " ".join(str(fault).split()))


def _is_dspys_lm_error(fault: Exception) -> bool:
    """Whether a provider's refusal, for instance of a key or a bill, ended the command in the middle of its work."""
    dspy = sys.modules.get("dspy")  # not imported: who never loaded it met none of its errors
    return dspy is not None and isinstance(fault, dspy.LMError)


def _leave(status: int, fault: Exception | str) -> None:
    print(f"error: {fault}", file=sys.stderr)
    sys.exit(status)
