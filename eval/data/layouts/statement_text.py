"""Statements in LaTeX and HTML as plain text, for people and models, with headings and lists as in Markdown."""

from __future__ import annotations

import html
import re

_LITERAL = re.compile(
    r"\\begin\{(verbatim|lstlisting)\}(?:\[[^\]]*\])?(?P<block>.*?)\\end\{\1\}"
    r"|\\(?:verb|lstinline)\*?(?:\[[^\]]*\])?(?P<mark>[^\w\s*{\[])(?P<words>[^\n]*?)(?P=mark)"
    r"|\\(?:texttt|lstinline|verb)(?:\[[^\]]*\])?\{(?P<code>[^{}]*)\}",
    re.DOTALL,
)
_COMMENT = re.compile(r"(?<!\\)%.*")
_DROPPED = re.compile(
    r"\\(?:problemname|includegraphics|label|vspace|hspace|illustration|caption)\*?(?:\[[^\]]*\])?(?:\{[^{}]*\})*"
    r"|\\(?:noindent|centering|smallskip|medskip|bigskip|newpage|pagebreak)\b"
    r"|\\(?:begin|end)\{(?:center|figure|wrapfigure|itemize|enumerate|description|quote|flushleft|minipage)\}"
    r"(?:\[[^\]]*\])?(?:\{[^{}]*\})*"
)
_HEADING = re.compile(r"\\(?:sub)*section\*?\{([^{}]*)\}")
_MARKED = re.compile(r"\\(?:textbf|textit|texttt|textsc|emph|underline|mbox|text|url|verb)\{([^{}]*)\}")
_ITEM = re.compile(r"\\item\b\s*")
_WORDS = {r"\ldots": "...", r"\dots": "...", r"\\": "\n", "~": " ", "``": '"', "''": '"', "---": "–", "--": "–"}
_ESCAPED = re.compile(r"\\([%&#_{}$])")
_MATHS = re.compile(r"(\$\$.*?\$\$|(?<!\\)\$.*?(?<!\\)\$|\\\[.*?\\\]|\\\(.*?\\\))", re.DOTALL)

_PREFORMATTED = re.compile(r"<pre\b[^>]*>(.*?)</pre>", re.IGNORECASE | re.DOTALL)
_UNSEEN = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_TITLED = re.compile(r"<h[1-6]\b[^>]*>", re.IGNORECASE)
_LISTED = re.compile(r"<li\b[^>]*>", re.IGNORECASE)
_BREAK = re.compile(r"<br\b[^>]*>|</(?:p|div|h[1-6]|ul|ol|table|tr|section)\s*>", re.IGNORECASE)
_CELL = re.compile(r"</t[dh]\s*>\s*(?=<t[dh]\b)", re.IGNORECASE)
_SHIFTED = re.compile(r"<(sup|sub)\b[^>]*>(.*?)</\1\s*>", re.IGNORECASE | re.DOTALL)
# "<" before anything else is text, as in "b<c and d>e".
_NAMES = (
    "a abbr address article aside b bdi bdo big blockquote body br button caption center cite code col colgroup "
    "data dd del details dfn div dl dt em figcaption figure font footer form g h1 h2 h3 h4 h5 h6 header hr html i "
    "iframe img input ins kbd label li link main mark meta nav nobr noscript object ol option p path pre q s samp "
    "section small source span strike strong sub summary sup svg table tbody td tfoot th thead time title tr tt u "
    "ul var video wbr"
)
_TAG = re.compile(rf"</?(?:{'|'.join(_NAMES.split())})(?:[\s/][^<>]*)?>|<[!?][^<>]*>", re.IGNORECASE)
_EMPTY_LINES = re.compile(r"\n\s*\n\s*\n+")


def text_of_latex(source: str) -> str:
    """The text of a statement in LaTeX. Formulas, verbatim text and the names of unknown commands stay unchanged."""
    texts, end = [], 0
    for found in _LITERAL.finditer(source):
        block, words, code = found["block"], found["words"], found["code"]
        literal = _block(block) if block is not None else _ESCAPED.sub(r"\1", code) if code is not None else words
        texts += [_typeset(source[end : found.start()]), literal]
        end = found.end()
    return _tidy("".join([*texts, _typeset(source[end:])]))


def _typeset(source: str) -> str:
    parts = _MATHS.split(_COMMENT.sub("", source))
    return "".join(part if place % 2 else _plain(part) for place, part in enumerate(parts))


def _plain(text: str) -> str:
    text = _DROPPED.sub("", text)
    text = _HEADING.sub(r"\n## \1\n", text)
    for _ in range(3):  # nested marks
        text = _MARKED.sub(r"\1", text)
    text = _ITEM.sub("- ", text)
    for command, symbol in _WORDS.items():
        text = text.replace(command, symbol)
    return _ESCAPED.sub(r"\1", text)


def text_of_html(source: str) -> str:
    """The text of a statement in HTML. Preformatted text becomes a fenced block."""
    source = _UNSEEN.sub("", source)
    parts = _PREFORMATTED.split(source)
    texts = [_fenced(part) if place % 2 else _without_markup(part) for place, part in enumerate(parts)]
    return _tidy("".join(texts))


def _without_markup(text: str) -> str:
    text = _CELL.sub(" ", _SHIFTED.sub(_shifted, " ".join(text.split())))
    text = _BREAK.sub("\n\n", _LISTED.sub("\n- ", _TITLED.sub("\n\n## ", text)))
    return html.unescape(_TAG.sub("", text))


def _shifted(found: re.Match[str]) -> str:
    """A power as in "2^(n-1)", an index as in "a_(i+1)"; an index of one token gets no mark, as in "a1"."""
    kind, inner = found[1].lower(), html.unescape(_TAG.sub("", found[2])).strip()
    mark = "^" if kind == "sup" else "" if re.fullmatch(r"\w*", inner) else "_"
    return html.escape(f"{mark}{inner}" if re.fullmatch(r"-?\w*", inner) else f"{mark}({inner})", quote=False)


def _fenced(text: str) -> str:
    return _block(html.unescape(_TAG.sub("", text)))


def _block(text: str) -> str:
    lines = text.strip("\r\n").rstrip()
    return f"\n\n```\n{lines}\n```\n\n"


def _tidy(text: str) -> str:
    return _EMPTY_LINES.sub("\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip()
