"""What a rollout decided, in words."""

from program.rollout.trace import Trace


def words(trace: Trace) -> list[str]:
    """The words of each decision, in order."""
    return [str(decision) for decision in trace.decisions]
