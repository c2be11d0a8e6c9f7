"""Finds the language of a program that is not Python."""

from __future__ import annotations

import re

PYTHON = frozenset({"python", "python3", "py", "py3", "python2", "python3.11", "python3.x", "pypy", "pypy3", "ipython"})
# Tags of fences for blocks in any language, including Python.
OPEN = frozenset({"", "code", "text", "txt", "plaintext", "plain", "program", "solution", "answer", "script", "repl"})
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
    ("cpp", r"^ *#\s*include\s*<(?:bits/|iostream|vector|algorithm|string|map|set|queue|cmath|c[a-z]+>)"),
    ("cpp", r"^ *using namespace std;|\bstd::c(?:in|out)\b|\bcin\s*>>|\bcout\s*<<"),
    ("c", r"^ *#\s*include\s*<\w+\.h>"),
    ("c", r"^ *int\s+main\s*\([^)]*\)\s*\{?"),
    ("java", r"\bpublic\s+(?:static\s+void\s+main|(?:final\s+)?class\s+\w+)|^ *import\s+java\.|\bSystem\.out\.print"),
    ("csharp", r"^ *using\s+System(?:\.\w+)*;|\bConsole\.(?:Read|Write)Line\("),
    ("rust", r"^ *(?:pub\s+)?fn\s+\w+\s*\(.*\{\s*$|^ *use\s+std::|\bprintln!\("),
    ("go", r"^ *package\s+main\b|^ *func\s+\w+\s*\(.*\{\s*$"),
    ("kotlin", r"^ *fun\s+\w+\s*\(.*\{\s*$|\breadLine\(\)!!"),
    ("php", r"^ *<\?php"),
    (
        "javascript",
        r"\bconsole\.log\(|^ *(?:const|let|var)\s+[\w{\[].*=.*;\s*$|\brequire\(['\"]|^ *function\s+\w+\s*\(.*\{\s*$",
    ),
    ("ruby", r"^ *puts\s+\S.*$(?=[\s\S]*^ *end\s*$)|\bgets\.(?:chomp|split|to_i)\b"),
    ("haskell", r"^ *main\s*::\s*IO|^ *main\s*=\s*do\b"),
    ("pascal", r"^ *(?:readln|writeln)\s*\(.*;\s*$"),
    ("python 2", r"^ *print\s+(?:[\"'%\w].*)$(?<![.:;,!?])"),
]
_COMPILED = [(language, re.compile(sign.replace("^ *", r"^[ \t]*"), re.MULTILINE)) for language, sign in _SIGNS]


def language_of(text: str, tag: str = "") -> str:
    """The language of a text that is not Python; empty if unknown.

    Args:
        text: a block or an answer.
        tag: the tag of its fence, in lower case.
    """
    if tag in _TAGS:
        return _TAGS[tag]
    return next((language for language, sign in _COMPILED if sign.search(text)), "")
