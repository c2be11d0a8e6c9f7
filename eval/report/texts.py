"""Every text once: texts are split into chunks that recur in prompts, and equal chunks are stored one time.

The prompts of a rollout repeat the statement, the plan and the programs over and over. Split where prompts are put
together (blank lines, `##` headings, code fences), they are lists of a few numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

SHORTEST_SHARED = 24  # characters; a shorter chunk costs less where it stands


def split(text: str) -> list[str]:
    """The chunks of `text`; joined by line feeds they are the text again."""
    chunks: list[str] = []
    paragraph: list[str] = []
    for line in text.split("\n"):
        if line and not line.startswith(("## ", "```")):
            paragraph.append(line)
            continue
        if paragraph:
            chunks.append("\n".join(paragraph))
            paragraph = []
        chunks.append(line)
    if paragraph:
        chunks.append("\n".join(paragraph))
    return chunks


class TextTable:
    """The texts of one problem. A text is known by its index in `texts`, which holds indexes of `chunks`."""

    def __init__(self) -> None:
        self.chunks: list[str] = []
        self.texts: list[list[int]] = []
        self._chunk_index: dict[str, int] = {}
        self._text_index: dict[str, int] = {}

    def add(self, text: str) -> int:
        """The index of `text`."""
        if text not in self._text_index:
            self._text_index[text] = len(self.texts)
            self.texts.append([self._add_chunk(chunk) for chunk in split(text)])
        return self._text_index[text]

    def _add_chunk(self, chunk: str) -> int:
        if chunk not in self._chunk_index:
            self._chunk_index[chunk] = len(self.chunks)
            self.chunks.append(chunk)
        return self._chunk_index[chunk]


def shared_chunks(tables: Sequence[TextTable]) -> list[str]:
    """The chunks that more than one table has, in the order of their first appearance."""
    found = Counter(chunk for table in tables for chunk in table.chunks if len(chunk) >= SHORTEST_SHARED)
    return [chunk for chunk, count in found.items() if count > 1]


def with_references(table: TextTable, shared: dict[str, int]) -> list[str | int]:
    """The chunks of `table`, those in `shared` (chunk to its index) as that index."""
    return [shared.get(chunk, chunk) for chunk in table.chunks]
