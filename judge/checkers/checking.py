"""Checks an output. A checker that comes with the problem runs in the sandbox."""

from __future__ import annotations

import threading
from collections import OrderedDict

from judge.checkers.checker_program import FUTURE, AnyChecker, CheckerProgram
from judge.checkers.compiled import compiled
from judge.fingerprint import fingerprint
from judge.sandbox.layers import namespaces
from judge.sandbox.session import Session
from judge.verdict import FaultyProblem, TestCase

_MOST = 65536  # outputs
# Both are programs in the sandbox that get the files of the protocol as arguments. Python exits with status 1 after an
# uncaught exception; testlib would read that as "wrong", so the hook changes the status.
_PYTHON = """{futures}
import sys
def __failed(kind, fault, trace):
    sys.__excepthook__(kind, fault, trace)
    raise SystemExit(3)
sys.excepthook = __failed
sys.argv += {more!r}
{rest}"""
_COMPILED = """
import os, signal, sys
for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
    signal.signal(number, signal.SIG_DFL)
try:
    os.execve(sys.argv[-1], ["checker", *sys.argv[1:-1], *{more!r}], {{}})
except OSError as fault:
    print(f"cannot be executed: {{fault}}", file=sys.stderr)
    sys.exit(3)
"""


class _Remembered:
    """Remembers the decisions of checkers: samples of a problem often print the same output. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: OrderedDict[str, bool] = OrderedDict()

    def get(self, key: str) -> bool | None:
        with self._lock:
            if key in self._said:
                self._said.move_to_end(key)
            return self._said.get(key)

    def put(self, key: str, right: bool) -> None:
        with self._lock:
            self._said[key] = right
            if len(self._said) > _MOST:
                self._said.popitem(last=False)


_known = _Remembered()


def is_right(session: Session, checker: AnyChecker, output: str, test: TestCase) -> bool:
    """Whether `output`, which the program of `session` printed, is right on `test`.

    A checker program runs as the companion of that program. It is loaded once for all tests.

    Raises:
        FaultyProblem: the checker failed or does not compile.
        JudgeError: it cannot be compiled or run here.
    """
    if not isinstance(checker, CheckerProgram):
        return checker.matches(output, test.output)
    given, answer, printed = (_bytes(text) for text in (test.input, test.output, output))
    key = fingerprint((checker.fingerprint, given, answer, printed))
    right = _known.get(key)
    if right is None:
        right = _ask(session, checker, given, answer, printed)
        _known.put(key, right)
    return right


def _ask(session: Session, checker: CheckerProgram, given: bytes, answer: bytes, printed: bytes) -> bool:
    kattis = checker.protocol == "kattis"
    # The feedback folder exists only inside namespaces; without them the checker has no folder to write to.
    more = [f"{namespaces.SCRATCH}/", *checker.flags] if kattis else []
    files = [given, answer] if kattis else [given, printed, answer]
    executes = checker.language == "c++"
    if executes:
        files.append(compiled(checker.files))
        driver = _COMPILED.format(more=more)
    else:
        source = checker.files[0][1].removeprefix("\ufeff")  # other lines will come before it
        futures = ";".join(FUTURE.findall(source))
        driver = _PYTHON.format(futures=futures, more=more, rest=FUTURE.sub("", source))
    stdin = printed.decode("utf-8", "surrogateescape") if kattis else ""
    own = session.companion(driver)
    fault = own.compile(checker.limits)
    if fault is not None:
        raise FaultyProblem(f"the problem's checker ({checker.name}) does not compile: {fault.text}")
    return checker.said(own.run(stdin, checker.limits, files, executes=executes))


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as fault:
        raise FaultyProblem(f"a text for the checker cannot be encoded as UTF-8: {fault}") from fault
