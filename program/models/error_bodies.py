"""Reads the error message in the body of a server's response, in all known forms."""

from __future__ import annotations

import html
import json
import re
from typing import Any

MOST_CHARACTERS = 500
_WORDS = ("message", "msg", "detail", "error_description", "reason", "title", "error", "errors", "choices")
_TOO_LONG = re.compile(
    r"maximum context length|context (?:length|window|size)|(?:prompt|input|request) is too long|too many tokens|"
    r"exceeds? .{0,30}(?:maximum|limit) .{0,20}tokens",
    re.IGNORECASE,
)


def in_openai_form(status: int, body: str) -> str:
    """Convert the body of an error to OpenAI's form, `{"error": {"message", "type", "code"}}`, and keep its message.

    Known forms: OpenAI, vLLM (old: flat; new: like OpenAI), FastAPI (`detail`, a text or a list), Anthropic, HTML, and
    plain text. A prompt that is too long gets OpenAI's error code for it.

    Args:
        status: the HTTP status.
        body: the unchanged body.
    """
    loaded = _json(body)
    error = loaded.get("error") if isinstance(loaded, dict) else None
    named = error if isinstance(error, dict) else loaded if isinstance(loaded, dict) else {}
    words = " ".join((_words(loaded) or _readable(body)).split())[:MOST_CHARACTERS] or f"HTTP {status}"
    code = named.get("code")
    said = {"message": words, "type": str(named.get("type") or ""), "code": code if isinstance(code, str) else None}
    if status in (400, 413, 422) and not said["code"] and _TOO_LONG.search(words):
        said["code"] = "context_length_exceeded"
    return json.dumps({"error": said})


def is_error(body: str) -> bool:
    """Whether a response with a success status contains an error instead of an answer, or instead of each answer."""
    loaded = _json(body)
    if not isinstance(loaded, dict):
        return False
    choices = loaded.get("choices")
    if not isinstance(choices, list) or not choices:
        return bool(_words(loaded))
    return all(isinstance(each, dict) and _words(each.get("error")) for each in choices)


def _json(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _words(value: Any) -> str:
    """The message of an error, at any depth; empty if there is none."""
    match value:
        case str():
            return value
        case list():
            return "; ".join(filter(None, map(_words, value)))
        case dict():
            where = ".".join(str(part) for part in value.get("loc") or ())  # FastAPI's name of the invalid field
            said = next(filter(None, (_words(value.get(key)) for key in _WORDS)), "")
            return f"{where}: {said}" if where and said else said
    return ""


def _readable(body: str) -> str:
    """The text of an HTML page or of a plain body."""
    if not re.search(r"<\s*(?:!doctype|html|head|body|h1)\b", body, re.IGNORECASE):
        return body
    headings = (re.search(rf"<{tag}[^>]*>.*?</{tag}>", body, re.IGNORECASE | re.DOTALL) for tag in ("h1", "title"))
    heading = next(filter(None, headings), None)
    shown = heading[0] if heading else re.sub(r"<(script|style).*?</\1>", " ", body, flags=re.IGNORECASE | re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", shown))
