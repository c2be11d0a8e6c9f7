"""A page as one file: its style, its script and its data, with a policy that lets no other script run.

Texts of models and statements are in the file as base64 only, and the script makes them text nodes; should that fail,
the content security policy lets no script run but the page's own.
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
        scripts: names of files below `page/`, in the order in which they run.
        overview: JSON value that the script reads at once; names and numbers only.
        blocks: by id, JSON values that the script unpacks when they are needed; they may hold any text.
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
