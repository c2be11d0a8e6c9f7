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
    """Executes code as the first of its stack. Made in the zygote, used in the processes of tests: they are all the
    same thread."""

    def __init__(self) -> None:
        state_of = ctypes.pythonapi.PyThreadState_Get
        state_of.restype = ctypes.c_void_p
        self._state: int = state_of()
        self._remaining = self._find_remaining()
        self._can_cut = self._remaining is not None and self._finds_frames()

    def execute(self, code: CodeType, names: dict[str, object]) -> None:
        """As `exec`. The stack stays cut off above who calls this, who must never return."""
        if self._remaining is not None:
            self._remaining.value = sys.getrecursionlimit() + _STEPS_OF_EXEC
        if self._can_cut:
            self._place().value = None
        exec(code, names)

    def _find_remaining(self) -> ctypes.c_int | None:
        """The number of steps that are left; it lies just before the limit, which follows `sys.setrecursionlimit`."""
        numbers = [ctypes.c_int.from_address(self._state + 4 * place) for place in range(_INTS)]
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(_MARK)
        marked = [number.value for number in numbers]
        sys.setrecursionlimit(limit)
        for place in range(1, _INTS):
            taken = limit - numbers[place - 1].value
            if (marked[place], numbers[place].value) == (_MARK, limit) and 0 < taken < limit // 2:
                return numbers[place - 1]
        return None

    def _place(self) -> ctypes.c_void_p:
        offset, inner = _CURRENT_FRAME[sys.version_info[:2]]
        place = ctypes.c_void_p.from_address(self._state + offset)
        return place if inner is None else ctypes.c_void_p.from_address((place.value or 0) + inner)

    def _finds_frames(self) -> bool:
        if sys.version_info[:2] not in _CURRENT_FRAME:
            return False
        current = ctypes.c_void_p.from_address(id(sys._getframe()) + _FRAME_OF_OBJECT)
        return self._place().value == current.value
