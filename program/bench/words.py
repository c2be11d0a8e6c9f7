"""The words for the failure of a program or of a function, depending on what a problem asks for."""

from __future__ import annotations

from dataclasses import dataclass

from judge.verdict import Verdict
from program.problem import AskedFunction


@dataclass(frozen=True)
class Words:
    """The words for what a problem asks for.

    it, give, given: "program", "print", "printed".
    answer, right: its result, "answer"; the expected result, "output".
    empty, nothing: an empty result, and the sentence that then replaces "a wrong answer".
    input, answered: headings over its input, and over its result.
    too_much: the phrase for exceeding the output limit.
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
        """The third person of `give`."""
        return f"{self.give}s"

    def said(self, verdict: Verdict) -> str:
        """What happened, as the predicate of a sentence with the subject "it"."""
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
        function: the function that it asks for, or its name; None or an empty name for a program.
    """
    return FUNCTION if function else PROGRAM


def headings(function: AskedFunction | str | None) -> tuple[str, str, str, str]:
    """Over the four texts of a test that was run: what went in, what is expected, what came out, and the error."""
    words = words_for(function)
    return words.input.lower(), "expected", words.given, "error"
