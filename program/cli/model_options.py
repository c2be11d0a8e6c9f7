"""The models of a command: the main model, a stronger one for later rounds, and one for fixes, each with its server."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from program.errors import UserError
from program.models.names import DEFAULT_MODEL, check_model

if TYPE_CHECKING:
    import dspy


class ServedModel(NamedTuple):
    """A model's name, and the address of its OpenAI-compatible server; None if the name determines the server."""

    name: str
    api_base: str | None = None


class OpenModels(NamedTuple):
    """The models of a command, opened and checked; None for models that are not given."""

    lm: dspy.LM
    stronger: dspy.LM | None
    repairer: dspy.LM | None


@dataclass(frozen=True)
class Models:
    """The names of a command's models.

    lm: the main model; stronger: for later rounds; repairer: for fixes. None means the main model.
    """

    lm: ServedModel
    stronger: ServedModel | None = None
    repairer: ServedModel | None = None

    @classmethod
    def of(cls, options: argparse.Namespace, *, also: str = "") -> Models:
        """The models in the options of `add_models`. `also` is an additional valid name without a provider.

        Raises:
            UserError: an address without a model, or an invalid name or address.
        """
        check_model(options.lm, options.api_base, also=also)
        further = []
        for role in ("escalate", "repair"):
            name, address = getattr(options, f"{role}_lm"), getattr(options, f"{role}_api_base")
            if address is not None and not name:
                raise UserError(f"--{role}-api-base: needs --{role}-lm, the model on that server")
            if name is not None:
                check_model(name, address, also=also, option=f"--{role}-api-base")
            further.append(ServedModel(name, address) if name is not None else None)
        return cls(ServedModel(options.lm, options.api_base), *further)

    @property
    def all(self) -> list[ServedModel]:
        """All models without duplicates, the main model first."""
        return list(dict.fromkeys(each for each in (self.lm, self.stronger, self.repairer) if each))

    def __str__(self) -> str:
        roles = {"later rounds": self.stronger, "fixes": self.repairer}
        return ", ".join([self.lm.name, *(f"{role} by {each.name}" for role, each in roles.items() if each)])

    def check(self, programs: Iterable[Any]) -> None:
        """Refuse a model that no program would use; see also `check_named`.

        Raises:
            UserError: no program uses the stronger model, or no program makes fixes.
        """
        programs = list(programs)
        self.check_named(programs)
        used = self.used_by(programs)
        if self.stronger and not used.stronger:
            raise UserError("--escalate-lm: no program here has a second round; add one with --set rounds=2")
        if self.repairer and not used.repairer:
            raise UserError("--repair-lm: no program here fixes programs")

    def check_told_apart(self) -> None:
        """Refuse two models with the same name on different servers: stored answers are identified by the name.

        Raises:
            UserError: two models have the same name.
        """
        names = [each.name for each in self.all]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise UserError(
                f"two models are called {twice}, at different addresses; stored answers are identified by the name, so "
                "give one of them another name on its server"
            )

    def used_by(self, programs: Iterable[Any]) -> Models:
        """The main model, and each other model that one of the programs uses."""
        programs = list(programs)
        escalates = any(_rounds(program) > 1 or _stronger_for(program) != "rounds" for program in programs)
        repairs = any(hasattr(program, "repair") for program in programs)
        return Models(self.lm, self.stronger if escalates else None, self.repairer if repairs else None)

    def options(self) -> list[str]:
        """The command-line options for these models."""
        named = {"lm": self.lm, "escalate-lm": self.stronger, "repair-lm": self.repairer}
        words = []
        for option, model in named.items():
            words += [f"--{option}", model.name] if model else []
            address = option.removesuffix("lm") + "api-base"
            words += [f"--{address}", model.api_base] if model and model.api_base else []
        return words

    def check_named(self, programs: Iterable[Any]) -> None:
        """Refuse programs that need a stronger model if none is given.

        Raises:
            UserError: a program needs one.
        """
        wanted = [_stronger_for(program) for program in programs]
        here = {"rounds", *(["fixes"] if self.repairer else [])}
        if missing := [each for each in wanted if each not in here and not self.stronger]:
            what = {"fixes": "fixes", "tests": "AI tests", "rest": "all calls after the first programs"}[missing[0]]
            said = f"stronger_for = {missing[0]}): set --escalate-lm, or --set stronger_for=rounds"
            raise UserError(f"the program uses a stronger model for {what} ({said}")

    @contextmanager
    def open(self, opener: Callable[[ServedModel], AbstractContextManager[dspy.LM]]) -> Iterator[OpenModels]:
        """Open each of them once with `opener`; its errors are raised."""
        with ExitStack() as stack:
            opened = {each: stack.enter_context(opener(each)) for each in self.all}
            further = [opened[each] if each else None for each in (self.stronger, self.repairer)]
            yield OpenModels(opened[self.lm], *further)


def _rounds(program: Any) -> int:
    return getattr(program.config, "rounds", 1)


def _stronger_for(program: Any) -> str:
    return getattr(program.config, "stronger_for", "rounds")


_SERVER = "address of an OpenAI-compatible server for"


def add_models(parser: argparse.ArgumentParser, also: str = "") -> None:
    """Add the options for the main model and its server.

    Args:
        also: a further name of a model, for the help text.
    """
    also = f", or {also}" if also else ""
    parser.add_argument("--lm", default=DEFAULT_MODEL, help=f"the model{also} (default: %(default)s)")
    parser.add_argument("--api-base", help=f"{_SERVER} the model")
    add_stronger_models(parser)


def add_stronger_models(parser: argparse.ArgumentParser) -> None:
    """Add the options for the other models."""
    parser.add_argument("--escalate-lm", help="a stronger model for later rounds, and for the calls in stronger_for")
    parser.add_argument("--escalate-api-base", help=f"{_SERVER} --escalate-lm")
    parser.add_argument("--repair-lm", help="a stronger model for the calls that fix a program, and only for them")
    parser.add_argument("--repair-api-base", help=f"{_SERVER} --repair-lm")
