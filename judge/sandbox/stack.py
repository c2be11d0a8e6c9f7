"""Makes the program's frame the first one on its stack, as in its own interpreter.

The program is executed some frames deep in a process of the judge. It could see these frames (`inspect.stack`,
`sys._getframe(1)`), and they would count towards its recursion limit. The interpreter stores both in its thread state,
at offsets that depend on the version. A location is accepted only if it contains the expected value.
"""

from __future__ import annotations

import ctypes
import sys
from types import CodeType

# Where the thread state points to the current frame: the offset, and the offset in the object there (None: itself).
_CURRENT_FRAME: dict[tuple[int, int], tuple[int, int | None]] = {
    (3, 11): (56, 8),
    (3, 12): (56, 0),
    (3, 13): (72, None),
}
_FRAME_OF_OBJECT = 24  # offset of the interpreter's frame in a frame object
_INTS = 24  # the recursion limit is among this many integers at the start of the thread state
_MARK = 471147
# `exec` itself counts towards the recursion limit in versions that count calls of C functions.
_STEPS_OF_EXEC = 1 if sys.version_info < (3, 12) else 0


class TopOfStack:
    """Executes code as the first frame of its stack. Used in forks of the process that made it, in the same thread.

    The maker must call `find`, which locates the frame of the interpreter loop that executes it and its callees.
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
        """Find the locations to write to. Locations with unexpected values are skipped."""
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
        """Like `exec`, but hides the frames above the caller. The caller must never return."""
        if self._remaining is not None:
            self._remaining[0] = sys.getrecursionlimit() + _STEPS_OF_EXEC
        if self._frame is not None and self._loop[0] == self._found_in:
            self._frame[0] = 0
        exec(code, names)

    def _find_remaining(self) -> memoryview | None:
        """The number of recursion steps left. It is stored before the limit, which `sys.setrecursionlimit` changes."""
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
    """The word at an address. In a fork, writing through this view touches less memory than `ctypes` would."""
    return memoryview(ctypes.c_size_t.from_address(address)).cast("B").cast("Q")
