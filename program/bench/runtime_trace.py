"""The last steps of a program on an input: the lines it ran and the values they changed (AlphaCodium runtime trace)."""

from __future__ import annotations

from judge.verdict import TestCase
from program.bench.workbench import Workbench

MAX_CHARACTERS = 2000
_MARK = "== last steps =="
# This program runs the other one, records every line, and at the end prints the last ones to standard error.
_TRACER = """
import collections, sys
code, count, depth, room, mark = {code!r}, {count}, {depth}, {room}, {mark!r}
steps, known = collections.deque(maxlen=count), {{}}
lines = code.split("\\n")
def shown(frame):
    values = {{}}
    for name, value in frame.f_locals.items():
        if not name.startswith("__") and isinstance(value, (int, float, str, list, tuple, dict, set, bool)):
            try:
                text = repr(value)
            except Exception:
                text = "?"
            values[name] = text if len(text) < 40 else text[:36] + " ..."
    before, known[id(frame)] = known.get(id(frame), {{}}), values
    return ", ".join(f"{{name}} = {{text}}" for name, text in values.items() if before.get(name) != text)
def trace(frame, event, argument):
    if frame.f_code.co_filename != "traced.py":
        return None
    above, frames = frame.f_back, 0
    while above is not None:
        frames += above.f_code.co_filename == "traced.py"
        above = above.f_back
    if frames > depth:
        return None
    if event in ("line", "return"):
        changed = shown(frame)
        if changed and steps:
            steps[-1] += "  # " + changed
    if event == "line":
        steps.append(f"{{frame.f_lineno}}: {{lines[frame.f_lineno - 1].strip()}}")
    return trace
names = {{"__name__": {name!r}}}
compiled = compile(code, "traced.py", "exec")
sys.settrace(trace)
try:
    exec(compiled, names)
finally:
    sys.settrace(None)
    last = "\\n".join(steps)[-room:]
    sys.stderr.write("\\n" + mark + " begin\\n" + last + "\\n" + mark + " end\\n")
"""


def last_steps(code: str, test: TestCase, bench: Workbench, count: int, depth: int) -> str:
    """The last `count` lines that `code` ran on `test`, each with the values it changed; empty if `count` is 0.

    Also empty if the program does not compile or does not end under tracing.

    Args:
        code: the program.
        test: contains the input.
        bench: runs the program.
        count: the maximum number of lines.
        depth: the maximum call depth.
    """
    if count == 0:
        return ""
    name = "__main__"
    if bench.function:  # then run the call as part of the program
        kind, dot, method = bench.function.entry_point.rpartition(".")
        code, name = f"{code.rstrip()}\n\n{kind}{'()' if kind else ''}{dot}{method}({test.input.strip()})\n", "program"
    traced = _TRACER.format(code=code, count=count, depth=depth, room=MAX_CHARACTERS, mark=_MARK, name=name)
    _, found, rest = bench.run_helper(traced, [test.input], bench.limits)[0].error.rpartition(f"{_MARK} begin\n")
    return rest.partition(f"\n{_MARK} end")[0] if found else ""
