"""A large set of problems: those of a few sets, repeated under new names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eval.data.problem_set import ProblemSet


def repeated(sets: Sequence[ProblemSet], count: int) -> ProblemSet:
    """The first set with `count` problems instead of its own, taken from all sets in turn."""
    sources = [(problems, problem) for problems in sets for problem in problems.problems]
    made, hidden, known = [], {}, {}
    for number in range(count):
        problems, source = sources[number % len(sources)]
        name = f"{source.name} {number}"
        made.append(source.model_copy(update={"name": name}))
        hidden[name], known[name] = problems.hidden(source.name), problems.known(source.name)
    return replace(sets[0], problems=tuple(made), _hidden=hidden, _known=known, _facts={}, ids={})
