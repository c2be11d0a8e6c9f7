"""A page as one file: its style, its script and its data, with a policy that forbids all other scripts.

Texts of models and statements are in the file only as base64, and the script inserts them as text nodes. If that fails,
the content security policy still allows only the page's own script.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parent / "page"


def html_page(title: str, scripts: Sequence[str], overview: Any, blocks: Mapping[str, Any]) -> str:
    """The page as a text.

    Args:
        title: of the page.
        scripts: names of files below `page/`, in execution order.
        overview: JSON value with names and numbers only; the script reads it at once.
        blocks: by id, JSON values with any text; the script unpacks them when needed.
    """
    style = (PAGE / "style.css").read_text()
    script = "\n".join((PAGE / f"{name}.js").read_text() for name in scripts)
    parts = {
        "title": html.escape(title),
        "policy": f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'",
        "style": style,
        "script": script,
        "overview": _json(overview).replace("<", "\\u003c"),
        "blocks": "\n".join(
            f'<script type="text/plain" id="{name}">{_pack(value)}</script>' for name, value in blocks.items()
        ),
    }
    template = (PAGE / "page.html").read_text()
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template)


def _pack(value: Any) -> str:
    return base64.b64encode(gzip.compress(_json(value).encode("utf-8", "replace"), mtime=0)).decode()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
