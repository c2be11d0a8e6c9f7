"""The problem as a program sees it: only the statement, its limits and its public tests.

This type has no field for hidden tests. They are in `eval`, found by the problem's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from judge.checker import Checker, strict_for
from judge.limits import limits_of
from judge.literals import NoLiteral, arguments_of, value_of
from judge.values import Comparison
from judge.verdict import Limits, TestCase
from program.statement import examples_in

# A larger limit is taken as an error in the data.
LONGEST_SECONDS = 24 * 3600
LARGEST_BYTES = 2**50

# Phrases that say that more than one answer is right.
_SEVERAL = re.compile(
    r"\b(print|output|return|report|display) any\b"
    r"(?! (case|(number|amount) of|(extra|other|additional|more|further|prompt|message|text|space|debug|white)\w*)\b)"
    # Not in "how many ways are there", and "any" must be about the answer: "print any of them", "any is accepted".
    r"|(?<!how )(?<!number of )\b(several|multiple|many|more than one)( \w+){0,3} "
    r"(answers?|solutions?|ways?|outputs?|options?|possibilities)\b[^.]{0,100}?"
    r"(\b(print|output|return|report|display|find|give|choose|write|submit|provide)\b[^.]{0,40}\b(any|one of)\b"
    r"|\b(any|one of) (one )?(of )?(them|these|those|it)\b"
    r"|\bany\b[^.]{0,40}\b(accept\w*|valid|correct|allowed|fine|ok)\b)"
    r"|\bany (valid|correct|suitable|acceptable|possible|such|optimal) (answers?|solutions?|outputs?)\b"
    r"|\b(print|output)\b[^.]{0,80}(?<! given)(?<! appear)(?<! appears) in (any|arbitrary) order\b",
    re.IGNORECASE,
)


# "Do not print any spaces": the sentence forbids, and allows nothing.
_FORBIDS = re.compile(r"\b(?:not|never|nor|cannot|without)\b|n['’]t\b", re.IGNORECASE)
_MARKS = "*_`'\".,;:!$\\"  # around or after an output in a statement


def seconds_of(time_limit: Any) -> float | None:
    """The seconds of a `time_limit`: a plain number, or `{"seconds", "nanos"}` as in CodeContests.

    Raises:
        KeyError, TypeError, ValueError: it is neither.
    """
    if isinstance(time_limit, Mapping):
        return time_limit["seconds"] + time_limit.get("nanos", 0) / 1e9
    return float(time_limit) if time_limit else None


def texts_of(tests: Any, key: str) -> list[str]:
    """The texts of `tests[key]` (`input` or `output`), in the layout of CodeContests.

    Raises:
        KeyError, TypeError: it is not a list of texts.
    """
    texts = tests[key]
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise TypeError(f"{key} is not a list of texts")
    return list(texts)


class AskedFunction(BaseModel):
    """The function that a problem asks for, if it does not ask for a complete program.

    entry_point: the name of a function, "f", or of a method whose class takes no constructor arguments: "Solution.f".
    starter_code: the given part of the program: imports, the signature, a docstring.
    tolerance, relative, comparison: how values are compared; see `judge.values`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    entry_point: str = Field(pattern=r"^[^\W\d]\w*(\.[^\W\d]\w*)?$")
    starter_code: str = ""
    tolerance: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    comparison: Comparison = "equal"
    # Excluded if 0: fingerprints of data and stored runs depend on the dump of a problem.
    relative: float = Field(default=0.0, ge=0, allow_inf_nan=False, exclude_if=lambda value: value == 0)

    def checker(self) -> Checker:
        """How its values are compared."""
        return Checker("strict", self.tolerance or None, self.entry_point, self.comparison, self.relative or None)

    @property
    def name(self) -> str:
        """The name without the class."""
        return self.entry_point.rpartition(".")[2]

    def call(self, arguments: str) -> str:
        """A call, as in prompts."""
        return f"{self.name}({arguments.strip()})"

    def text(self) -> str:
        """The task, as in prompts."""
        kind, _, method = self.entry_point.rpartition(".")
        what = f"method `{method}` of the class `{kind}`" if kind else f"function `{method}`"
        if not self.starter_code.strip():
            return f"Write the {what}."
        return f"Complete the {what}. Keep its name and its parameters.\n\n```python\n{self.starter_code.strip()}\n```"


class PublicTest(BaseModel):
    """An example in the statement: standard input and output of a program, or arguments and return value of a function,
    as texts of Python literals (`judge.literals`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: str
    output: str

    def case(self) -> TestCase:
        return TestCase(self.input, self.output)


class Problem(BaseModel):
    """A contest problem without its hidden tests.

    `seconds` and `memory_bytes` are the statement's limits for one run; None if the data has none.
    `function` is the function to write; None for a program that reads standard input and prints.
    `ignores_case` is whether letters may be in any case in the output, also where the statement does not say so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str
    public_tests: tuple[PublicTest, ...] = ()
    seconds: float | None = Field(default=None, ge=0, le=LONGEST_SECONDS, allow_inf_nan=False)
    memory_bytes: int | None = Field(default=None, ge=0, le=LARGEST_BYTES)
    # Excluded if None: fingerprints of data and stored runs depend on the dump of a problem.
    function: AskedFunction | None = Field(default=None, exclude_if=lambda value: value is None)
    ignores_case: bool = Field(default=False, exclude_if=lambda value: not value)

    @model_validator(mode="after")
    def _with_literals(self) -> Self:
        """The examples of a function must be literals: other values could not be passed to it or compared."""
        for number, test in enumerate(self.public_tests if self.function else (), 1):
            try:
                arguments_of(test.input)
                value_of(test.output)
            except NoLiteral as fault:
                raise ValueError(f"public test {number} must consist of Python literals: {fault}") from fault
        return self

    @classmethod
    def of(cls, given: Problem | Mapping[str, Any] | str) -> Problem:
        """Convert a problem, its dictionary or the text of its statement to a problem.

        Raises:
            ValueError: it is none of these.
        """
        if isinstance(given, Problem):
            return given
        return cls.from_text(given) if isinstance(given, str) else cls.model_validate(given)

    @classmethod
    def from_text(cls, statement: str, tests: Iterable[tuple[str, str]] = (), name: str = "") -> Problem:
        """A problem from its statement.

        Args:
            statement: the text; its first line is the default name.
            tests: the examples, as pairs of input and output.
            name: the name of the problem.
        """
        first = next((line.strip("# ").strip() for line in statement.splitlines() if line.strip()), "problem")
        public = tuple(PublicTest(input=given, output=expected) for given, expected in tests)
        return cls(name=name or first[:80], description=statement, public_tests=public)

    def limits(self) -> Limits:
        """The limits of one run of a Python program; see `judge.limits`."""
        return limits_of(self.seconds, self.memory_bytes)

    def checker(self) -> Checker:
        """How outputs are compared: strictly, with the tolerance in the statement; for a function, its values."""
        if self.function:
            return self.function.checker()
        return replace(strict_for(self.description), ignores_case=self.ignores_case)

    def tests(self) -> list[TestCase]:
        return [test.case() for test in self.public_tests]

    def text(self) -> str:
        """The problem as in prompts: name, statement, limit and, unless the statement shows them, the examples."""
        parts = list(filter(None, [self.name, self.description.strip()]))
        if self.seconds:
            parts.append(f"Time limit: {self.seconds:g} seconds")
        if self.function:
            parts.append(self.function.text())
        if not self._shows_examples():
            parts += [f"Example {number}\n{self._shown(test)}" for number, test in enumerate(self.public_tests, 1)]
        return "\n\n".join(parts)

    def asked(self) -> str:
        """The statement, and for a function the given code. Together they contain everything that may be shown."""
        return "\n\n".join(
            part for part in (self.description.strip(), self.function.text() if self.function else "") if part
        )

    def _shown(self, test: PublicTest) -> str:
        given, expected = test.input.strip(), test.output.strip()
        if self.function:
            return f"{self.function.call(given)} returns {expected}"
        return f"Input:\n{given}\nOutput:\n{expected}"

    @property
    def accepts_several(self) -> bool:
        """Whether more than one output can be right: the statement says so, or it shows another output for an example
        than the data has."""
        words = " ".join(self.description.split())
        for found in _SEVERAL.finditer(words):
            before = re.split(r"[.,;:!?]\s", words[: found.start()])[-1]
            if not _FORBIDS.search(f"{before}{found.group().partition(' any')[0]}"):
                return True
        return any(_shows_another(words, test) for test in self.public_tests)

    def _shows_examples(self) -> bool:
        """Whether the statement shows its examples, as most do. Repeating them would only cost tokens."""
        if self.function:
            words = "".join((self.description + self.function.starter_code).split())
            return all("".join(self.function.call(test.input).split()) in words for test in self.public_tests)
        shown = {" ".join(example.input.split()) for example in examples_in(self.description)}
        return all(" ".join(test.input.split()) in shown for test in self.public_tests)


def _shows_another(words: str, test: PublicTest) -> bool:
    """Whether the text (without line ends) shows the test's input with a different output."""
    given = re.escape(" ".join(test.input.split()))
    places = list(re.finditer(rf"\bInput:? {given} Output:? (?=(?P<output>.*))", words))
    want = [_normal(each) for each in test.output.split()]
    shown = [[_normal(each) for each in place["output"].split()[: len(want)]] for place in places]
    return bool(shown) and want not in shown


def _normal(token: str) -> str | float:
    """A token of an output, so that tokens which differ only in marks, case or the form of a number are equal."""
    token = token.strip(_MARKS).lower()
    try:
        return float(token)
    except ValueError:
        return token
