"""A scripted language model for tests."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import dspy
    from dspy.lm15 import Request, Response


@dataclass(frozen=True)
class Scripted:
    """An answer, with the other parts of a provider's response.

    ended: the finish reason. thought, refusal: texts in separate fields.
    """

    text: str
    ended: Literal["stop", "length", "content_filter"] = "stop"
    thought: str = ""
    refusal: str = ""


Answer = str | Scripted
Rule = Callable[[str], Answer]


class ScriptedEngine:
    """An engine for `dspy.LM(engine=…)` that answers from a list, or by a rule over the complete prompt text.

    Args:
        answers: texts in order, or a function from the prompt to the text. An exception in place of a text is raised.
            If a text has as many words as the request allows tokens, it counts as cut off.
    """

    supports_response_schema = True
    supported_params = frozenset({"response_format", "temperature", "max_tokens"})

    def __init__(self, answers: Iterable[Answer | Exception] | Rule) -> None:
        self._rule = answers if callable(answers) else None
        self._answers = iter(()) if callable(answers) else iter(answers)
        self._lock = threading.Lock()
        self.prompts: list[str] = []

    def complete(self, request: Request) -> Response:
        from dspy.lm15 import Message, RefusalPart, Response, TextPart, ThinkingPart, Usage

        prompt = prompt_text(request)
        with self._lock:
            self.prompts.append(prompt)
            answer = self._rule(prompt) if self._rule else next(self._answers, None)
        if answer is None:
            raise AssertionError(f"the script has no answer left for: {prompt[:200]}")
        if isinstance(answer, Exception):
            raise answer
        said = answer if isinstance(answer, Scripted) else Scripted(answer)
        read, written = len(prompt.split()), len(said.text.split())
        used = Usage(input_tokens=read, output_tokens=written, total_tokens=read + written)
        ended = "length" if written >= (request.config.max_tokens or math.inf) else said.ended
        parts = [kind(text=text) for kind, text in ((ThinkingPart, said.thought), (RefusalPart, said.refusal)) if text]
        message = Message(role="assistant", parts=(*parts, TextPart(text=said.text)))
        return Response(id=None, model="scripted", message=message, finish_reason=ended, usage=used)

    def stream(self, request: Request) -> Iterator[Any]:
        """The answer as one chunk, with the events around it."""
        from dspy.lm15 import StreamDeltaEvent, StreamEndEvent, StreamStartEvent, TextDelta

        response = self.complete(request)
        yield StreamStartEvent(model=response.model)
        yield StreamDeltaEvent(TextDelta(text=response.message.text or ""))
        yield StreamEndEvent(finish_reason=response.finish_reason, usage=response.usage)

    def close(self) -> None:
        """Nothing to close."""


def prompt_text(request: Request) -> str:
    """The system text and the messages of a request, concatenated."""
    system = request.system
    parts = (
        [system if isinstance(system, str) else "".join(getattr(part, "text", "") for part in system)] if system else []
    )
    return "\n\n".join([*parts, *(message.text or "" for message in request.messages)])


def scripted_lm(answers: Iterable[Answer | Exception] | Rule, *, cache: bool = False) -> dspy.LM:
    """A `dspy.LM` over a `ScriptedEngine`, which is available as `lm.engine`."""
    import dspy

    return dspy.LM("scripted/lm", engine=ScriptedEngine(answers), cache=cache, num_retries=0)
