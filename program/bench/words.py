"""In which words it is said how a program has failed, or a function: a problem asks for the one or the other."""

from __future__ import annotations

from dataclasses import dataclass

from judge.verdict import Verdict
from program.problem import AskedFunction


@dataclass(frozen=True)
class Words:
    """The words for what a problem asks for.

    it, give, given: "program", "print", "printed".
    answer, right: what it gives, "answer"; what is expected of it, "output".
    empty, nothing: how its answer looks where it gives none, and what is said then in place of "a wrong answer".
    input, answered: headings over what it gets, and over what it gives.
    too_much: how that is said which is over the limit of output.
    """

    it: str
    give: str
    given: str
    answer: str
    right: str
    empty: str
    nothing: str
    input: str
    answered: str
    too_much: str

    @property
    def gives(self) -> str:
        """As one does."""
        return f"{self.give}s"

    def said(self, verdict: Verdict) -> str:
        """What has happened, as the end of a sentence of which "it" is the subject."""
        return {
            Verdict.WA: f"{self.gives} a wrong {self.answer}",
            Verdict.RE: "stops with an error",
            Verdict.CE: "is not valid Python",
            Verdict.TLE: "takes too long",
            Verdict.MLE: "uses too much memory",
            Verdict.OLE: self.too_much,
        }[verdict]


PROGRAM = Words(
    it="program",
    give="print",
    given="printed",
    answer="answer",
    right="output",
    empty="",
    nothing="The program prints nothing at all. Is its main function called, and its result printed?",
    input="Input",
    answered="Output of the program",
    too_much="prints far too much",
)
FUNCTION = Words(
    it="function",
    give="return",
    given="returned",
    answer="value",
    right="value",
    empty="None",
    nothing="The function returns None. Is its result returned, and not only printed?",
    input="Arguments",
    answered="Value that the function returns",
    too_much="returns or prints far too much",
)


def words_for(function: AskedFunction | str | None) -> Words:
    """The words for a problem.

    Args:
        function: that it asks for, or the name of it; None or an empty name for a program.
    """
    return FUNCTION if function else PROGRAM


def headings(function: AskedFunction | str | None) -> tuple[str, str, str, str]:
    """Over the four texts of a test that was run: what went in, what is expected, what came out, and the error."""
    words = words_for(function)
    return words.input.lower(), "expected", words.given, "error"
