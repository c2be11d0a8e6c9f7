"""Store texts without repetition: texts are split into chunks, and equal chunks are stored once.

The prompts of a rollout repeat the statement, the plan and the programs. Split at the joints of prompts (blank lines,
`##` headings, code fences), they become lists of a few indexes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

SHORTEST_SHARED = 24  # characters; shorter chunks are cheaper inline


def split(text: str) -> list[str]:
    """The chunks of `text`; joined by line feeds they give the text."""
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
    """The texts of one problem. A text is an index into `texts`, whose entries are lists of indexes into `chunks`."""

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
    """The chunks of `table`; a chunk in `shared` (chunk to index) is replaced by its index."""
    return [shared.get(chunk, chunk) for chunk in table.chunks]
