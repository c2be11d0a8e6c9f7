"""What every command does with errors: exit 0 done, 1 outage, 2 user error in one clear line without a traceback."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable

USER_ERROR = 2
OUTAGE = 1
NOBODY_READS = 141  # as the shell says of a command whose pipe was closed


def run_command(main: Callable[[], None], *user_errors: type[Exception]) -> None:
    """Call `main` and leave the process with the exit status that fits how it ended.

    Args:
        main: the command.
        user_errors: exceptions besides `ArtifactError` that mean bad input.
    """
    # Not at the top: what artifacts need takes seconds to import, and `--help` should not.
    from judge.verdict import JudgeError
    from program.artifact import ArtifactError
    from program.models.open import LMError

    logging.getLogger("dspy").setLevel(logging.ERROR)  # truncation and type notices; failures are in the account
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:
        # What reads, `head` for one, has seen enough. Python would flush once more at its end and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(NOBODY_READS)
    except (ArtifactError, *user_errors) as fault:
        _leave(USER_ERROR, fault)
    except (LMError, JudgeError) as fault:
        _leave(OUTAGE, fault)
    except KeyboardInterrupt:
        sys.exit(130)


def _leave(status: int, fault: Exception) -> None:
    print(f"error: {fault}", file=sys.stderr)
    sys.exit(status)
