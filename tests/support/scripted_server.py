"""A scripted LM behind an address, so that other processes reach it; what it is asked can be held up."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dspy.lm15 import Message, Request, Response, Usage

from eval.simulated.server import SimulatedServer
from program.models.scripted import Rule, ScriptedEngine, prompt_text
from program.models.start_check import QUESTION


class ServedEngine(ScriptedEngine):
    """Answers by a rule.

    Attributes:
        model: its name.
        checks: how often it was asked whether it is there, which is always answered at once.
        hold_from: from this prompt on, counted from 0, all wait for `go_on`.
    """

    model = "scripted"

    def __init__(self, rule: Rule, hold_from: int | None = None) -> None:
        super().__init__(rule)
        self.checks = 0
        self.hold_from = hold_from
        self.go_on = threading.Event()
        self._asked = 0
        self._counting = threading.Lock()

    def complete(self, request: Request) -> Response:
        with self._counting:
            is_check = prompt_text(request).endswith(QUESTION)
            number = self._asked
            self.checks, self._asked = self.checks + is_check, number + (not is_check)
        if is_check:
            usage = Usage(input_tokens=2, output_tokens=1, total_tokens=3)
            return Response(
                id=None, model=self.model, message=Message.assistant("Yes."), finish_reason="stop", usage=usage
            )
        if self.hold_from is not None and number >= self.hold_from:
            self.go_on.wait()
        return super().complete(request)


@contextmanager
def served(engine: ServedEngine) -> Iterator[str]:
    """The address of a server that answers through `engine`."""
    with SimulatedServer(engine) as server:  # pyright: ignore[reportArgumentType]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.address
        finally:
            engine.go_on.set()
            server.shutdown()
            thread.join()
