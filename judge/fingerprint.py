"""One hash of several texts. The lengths are hashed too, so the boundaries between texts matter."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def fingerprint(texts: Iterable[str | bytes]) -> str:
    """SHA-256 over the texts and their lengths, in order, as hex digits."""
    digest = hashlib.sha256()
    for text in texts:
        part = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()
