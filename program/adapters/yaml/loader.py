"""From the text of a YAML document to its nodes; every scalar is text."""

from __future__ import annotations

import yaml

MAX_DEPTH = 30  # of nesting; a deeper answer only repeats itself, and PyYAML is slow on it


def compose(text: str) -> yaml.Node | None:
    """The root node of the first document in `text`; None if there is none.

    Anchors, aliases and tags are errors: prompts do not ask for them, and they would remove some of the text.

    Raises:
        yaml.YAMLError, ValueError, OverflowError: the text is not YAML.
    """
    loader = _Loader(text)
    try:
        return loader.get_node() if loader.check_node() else None
    finally:
        loader.dispose()


class _Loader(yaml.BaseLoader):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()
        if getattr(event, "anchor", None) or getattr(event, "tag", None):
            raise yaml.YAMLError("there is an anchor, an alias or a tag in it")
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise yaml.YAMLError("it is nested too deeply")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def fetch_flow_collection_start(self, TokenClass: type[yaml.Token]) -> None:
        # The scanner is ahead of the composer.
        if self.flow_level > MAX_DEPTH:
            raise yaml.YAMLError("it is nested too deeply")
        super().fetch_flow_collection_start(TokenClass)
