"""LaTeX in prose that came out of JSON: there `\\times` is a tab and "imes", as `\\t` stands for a tab."""

from __future__ import annotations

import re

LATEX = "LaTeX out of JSON"
# Commands that begin with a letter that JSON escapes. `\\not` is a line end and "ot".
_COMMANDS = {
    "\b": "bar begin beta bf big bigcap bigcup bigl bigm bigr binom bmod boldsymbol bot boxed bullet",
    "\f": "floor forall frac",
    "\n": "nabla neq neg newline nmid not notin nleq ngeq nless ngtr nsubseteq nexists nearrow nwarrow",
    "\r": "rangle rceil rfloor rho rightarrow right rbrace rbrack rm rightleftharpoons rvert rVert",
    "\t": "tan tau tbinom text textbf textit texttt textrm textsf tfrac theta thinspace tilde times to top triangle "
    "therefore triangleq",
}
# In formulas only: "\\nu" in prose is mostly a new line that starts with "u".
_IN_FORMULAS = {"\n": "ne nu ni"}


_LETTERS = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}


def _pattern(commands: dict[str, str]) -> re.Pattern[str]:
    words = [
        letter + word[1:] for letter, names in commands.items() for word in sorted(names.split(), key=len, reverse=True)
    ]
    return re.compile(rf"(?:{'|'.join(words)})(?![A-Za-z])")


_ANYWHERE, _ONLY_THERE = _pattern(_COMMANDS), _pattern(_IN_FORMULAS)


def with_latex(text: str) -> str:
    """A prose text in which a control character becomes a backslash if it forms a LaTeX command with the next letters.

    Not for programs or test data, where a tab is a tab.
    """
    if not any(letter in text for letter in _LETTERS):
        return text
    text = _ANYWHERE.sub(_restored, text)
    return re.sub(r"\$[^$]*\$", lambda formula: _ONLY_THERE.sub(_restored, formula.group()), text)


def _restored(found: re.Match[str]) -> str:
    return "\\" + _LETTERS[found.group()[0]] + found.group()[1:]
