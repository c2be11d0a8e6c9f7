"""Finds the language of a program that is not Python."""

from __future__ import annotations

import re

# `python3.12`, `pypy3`, `language-python`, `file=main.py`
_PYTHON = re.compile(
    r"(?:(?:lang(?:uage)?|file(?:name)?|title)[-=:])?"
    r"(?:(?:i|c|micro)?py(?:thon|py|con)?[-_ ]?[\d.x]*|[\w./-]*\.py|tool_code|sage)"
)
# Tags of fences for blocks in any language, including Python.
_OPEN = frozenset({"", "code", "text", "txt", "plaintext", "plain", "program", "solution", "answer", "script", "repl"})
_BY_TAG = {
    "cpp": "cpp c++ cc cxx c++11 c++14 c++17 c++20 cpp17 h hpp",
    "c": "c",
    "java": "java",
    "csharp": "cs csharp c#",
    "javascript": "javascript js node nodejs mjs jsx",
    "typescript": "typescript ts tsx",
    "go": "go golang",
    "rust": "rust rs",
    "kotlin": "kotlin kt",
    "swift": "swift",
    "ruby": "ruby rb",
    "php": "php",
    "scala": "scala",
    "haskell": "haskell hs",
    "pascal": "pascal pas delphi",
    "perl": "perl pl",
    "lua": "lua",
    "r": "r",
    "julia": "julia jl",
    "sql": "sql",
}
_TAGS = {tag: language for language, tags in _BY_TAG.items() for tag in tags.split()}
# Patterns of lines that occur in no Python program, and rarely in prose. They begin with blanks of one line: over empty
# lines a search would take quadratic time.
_SIGNS = [
    ("cpp", r"^[ \t]*#\s*include\s*<(?:bits/|iostream|vector|algorithm|string|map|set|queue|cmath|c[a-z]+>)"),
    ("cpp", r"^[ \t]*using namespace std;|\bstd::c(?:in|out)\b|\bcin\s*>>|\bcout\s*<<"),
    ("c", r"^[ \t]*#\s*include\s*<\w+\.h>"),
    ("c", r"^[ \t]*int\s+main\s*\([^)]*\)\s*\{?"),
    ("java", r"\bpublic\s+(?:static\s+void\s+main|(?:final\s+)?class\s+\w+)|\bSystem\.out\.print"),
    ("java", r"^[ \t]*import\s+java\."),
    ("csharp", r"^[ \t]*using\s+System(?:\.\w+)*;|\bConsole\.(?:Read|Write)Line\("),
    ("rust", r"^[ \t]*(?:pub\s+)?fn\s+\w+\s*\(.*\{\s*$|^[ \t]*use\s+std::|\bprintln!\("),
    ("go", r"^[ \t]*package\s+main\b|^[ \t]*func\s+\w+\s*\(.*\{\s*$"),
    ("kotlin", r"^[ \t]*fun\s+\w+\s*\(.*\{\s*$|\breadLine\(\)!!"),
    ("php", r"^[ \t]*<\?php"),
    ("javascript", r"\bconsole\.log\(|^[ \t]*(?:const|let|var)\s+[\w{\[].*=.*;\s*$|\brequire\(['\"]"),
    ("javascript", r"^[ \t]*function\s+\w+\s*\(.*\{\s*$"),
    ("ruby", r"^[ \t]*puts\s+\S.*$(?=[\s\S]*^[ \t]*end\s*$)|\bgets\.(?:chomp|split|to_i)\b"),
    ("haskell", r"^[ \t]*main\s*::\s*IO|^[ \t]*main\s*=\s*do\b"),
    ("pascal", r"^[ \t]*(?:readln|writeln)\s*\(.*;\s*$"),
    ("python 2", r"^[ \t]*print\s+(?:[\"'%\w].*)$(?<![.:;,!?])"),
]
_COMPILED = [(language, re.compile(sign, re.MULTILINE)) for language, sign in _SIGNS]


def is_python_tag(tag: str) -> bool:
    """Whether the tag of a fence, in lower case, names Python or a file of Python."""
    return _PYTHON.fullmatch(tag) is not None


def may_be_python(tag: str) -> bool:
    """Whether a block with this tag may be in Python: the tag names Python or no language."""
    return tag in _OPEN or is_python_tag(tag)


def language_of(text: str, tag: str = "") -> str:
    """The language of a text that is not Python; empty if unknown.

    Args:
        text: a block or an answer.
        tag: the tag of its fence, in lower case.
    """
    if tag in _TAGS:
        return _TAGS[tag]
    return next((language for language, sign in _COMPILED if sign.search(text)), "")
