"""Make the frame that a program runs in the first one of its stack, as it is in an interpreter of its own.

The program is executed some frames deep in a process of the judge's. It could see them (`inspect.stack`,
`sys._getframe(1)`), and they would count towards its recursion limit. The interpreter keeps both in its thread state;
where they lie differs by version, so a place counts as found only when what it holds is what it has to hold.
"""

from __future__ import annotations

import ctypes
import sys
from types import CodeType

# Where the thread state names the current frame: its offset, and the offset in what is found there (None: itself).
_CURRENT_FRAME: dict[tuple[int, int], tuple[int, int | None]] = {
    (3, 11): (56, 8),
    (3, 12): (56, 0),
    (3, 13): (72, None),
}
_FRAME_OF_OBJECT = 24  # the interpreter's own frame, in a frame object
_INTS = 24  # among so many numbers at the start of the thread state is the recursion limit
_MARK = 471147
# Calling `exec` itself is a step towards the limit where calls of C functions count.
_STEPS_OF_EXEC = 1 if sys.version_info < (3, 12) else 0


class TopOfStack:
    """Executes code as the first of its stack. Used in forks of the process that has made it: they are the same thread.

    Whoever made it calls `find`, by which the interpreter's own loop is found that executes it and what it will call.
    """

    def __init__(self) -> None:
        state_of = ctypes.pythonapi.PyThreadState_Get
        state_of.restype = ctypes.c_void_p
        self._state: int = state_of()
        self._remaining: memoryview | None = None
        self._frame: memoryview | None = None
        self._loop = _view(self._state)
        self._found_in = self._loop[0]

    def find(self) -> None:
        """Find the places to write to; those that hold something else than they should are left alone."""
        self._remaining = self._find_remaining()
        if self._remaining is None or sys.version_info[:2] not in _CURRENT_FRAME:
            return
        offset, inner = _CURRENT_FRAME[sys.version_info[:2]]
        place = self._state + offset
        if inner is not None:
            self._loop = _view(place)
            self._found_in = self._loop[0]
            place = self._found_in + inner
        frame = _view(place)
        if frame[0] == _view(id(sys._getframe()) + _FRAME_OF_OBJECT)[0]:
            self._frame = frame

    def execute(self, code: CodeType, names: dict[str, object]) -> None:
        """As `exec`. The stack stays cut off above who calls this, who must never return."""
        if self._remaining is not None:
            self._remaining[0] = sys.getrecursionlimit() + _STEPS_OF_EXEC
        if self._frame is not None and self._loop[0] == self._found_in:
            self._frame[0] = 0
        exec(code, names)

    def _find_remaining(self) -> memoryview | None:
        """The number of steps that are left; it lies just before the limit, which follows `sys.setrecursionlimit`."""
        numbers = [ctypes.c_int.from_address(self._state + 4 * place) for place in range(_INTS)]
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(_MARK)
        marked = [number.value for number in numbers]
        sys.setrecursionlimit(limit)
        for place in range(1, _INTS):
            taken = limit - numbers[place - 1].value
            if (marked[place], numbers[place].value) == (_MARK, limit) and 0 < taken < limit // 2:
                return memoryview(numbers[place - 1]).cast("B").cast("i")
        return None


def _view(address: int) -> memoryview:
    """The word at an address. Writing through this touches less, in a fork, than through `ctypes`."""
    return memoryview(ctypes.c_size_t.from_address(address)).cast("B").cast("Q")
