"""Repairs, without a call, of a program that fails its tests; the caller decides by tests whether to keep them.

Each repair is a guess, so it is only tried with some evidence: a name that is bound nowhere, nothing that is ever
called, a function with another name than requested.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from program.answers.coercions import letters
from program.answers.scopes import ProgramFacts, acts, arguments, facts_of, guards_main, prints, reads_input
from program.answers.syntax import FAULTS, is_python, syntax_tree

IMPORTED = "an import added"
PYTHON_2 = "a name of Python 2"
CALLED = "its main function called"
PROMPTS_CUT = "the texts that ask for input cut"
ALIASED = "the function under the name asked for"
DRIVER_CUT = "code that runs the function cut"

# Names that programs use without importing them, by module.
_FROM = {
    "bisect": "bisect_left bisect_right insort insort_left insort_right",
    "collections": "deque defaultdict Counter OrderedDict namedtuple ChainMap",
    "copy": "deepcopy",
    "dataclasses": "dataclass",
    "decimal": "Decimal getcontext ROUND_HALF_UP",
    "enum": "Enum IntEnum",
    "fractions": "Fraction",
    "functools": "lru_cache cache reduce cmp_to_key partial total_ordering",
    "heapq": "heappush heappop heapify heappushpop heapreplace nlargest nsmallest",
    "io": "StringIO BytesIO",
    "itertools": "permutations combinations combinations_with_replacement product accumulate groupby chain islice "
    "zip_longest takewhile dropwhile starmap pairwise",
    "math": "gcd lcm sqrt isqrt ceil floor factorial comb perm inf nan pi log log2 log10 exp sin cos tan atan atan2 "
    "hypot fabs prod radians degrees",
    "operator": "itemgetter attrgetter",
    "queue": "Queue PriorityQueue LifoQueue",
    "random": "randint randrange shuffle",
    "statistics": "",
    "string": "ascii_lowercase ascii_uppercase ascii_letters digits",
    "sys": "stdin stdout stderr setrecursionlimit maxsize argv",
    "typing": "List Dict Tuple Set FrozenSet Optional Union Any Callable Iterable Iterator Generator Sequence Deque "
    "DefaultDict NamedTuple TypeVar Literal",
    "datetime": "timedelta",
    "abc": "ABC abstractmethod",
}
_MODULE_OF = {name: module for module, names in _FROM.items() for name in names.split()}
# Modules that a contest program may use by their plain name without importing them.
_MODULES = frozenset(_FROM) | frozenset(
    "array builtins cmath contextlib ctypes difflib fileinput gc hashlib inspect itertools json numbers os platform "
    "pprint re resource secrets select signal struct textwrap threading time timeit traceback types unicodedata "
    "warnings zlib"
)
_BOTH = frozenset({"bisect", "copy", "time", "pprint", "array", "datetime", "random"})  # a module, and a name in it
_OLD = {"raw_input": "input", "xrange": "range", "unicode": "str", "long": "int", "unichr": "chr", "basestring": "str"}
_MAIN = ("main", "solve", "solution", "run", "Main", "Solve", "start", "program", "execute", "driver")

_ENDS = ("exit", "quit", "_exit", "testmod", "main")  # calls that may end the process or run tests

_Repair = Callable[[str, ProgramFacts], str]


@dataclass(frozen=True)
class Mended:
    """A program after repairs; labels: all repairs, in order."""

    labels: tuple[str, ...]
    code: str


def is_importable(name: str, code: str) -> bool:
    """Whether a repair can bind a name that a program does not bind."""
    return name in _OLD or _import_of(name, code) != ""


def mended(code: str, entry_point: str | None = None, arity: int | None = None) -> Iterator[Mended]:
    """Yield the program after one repair, after two, and so on; nothing if no repair applies.

    Args:
        code: a program that fails.
        entry_point: the requested function, if there is one.
        arity: the number of arguments in its calls, if known.
    """
    repairs: list[tuple[str, _Repair]] = [*_BINDING]
    if entry_point is None:
        repairs += [(PROMPTS_CUT, _without_prompts), (CALLED, _with_call)]
    else:
        bind = _in_class if "." in entry_point else _with_alias
        repairs.append((ALIASED, partial(bind, entry_point=entry_point, arity=arity)))
        repairs.append((DRIVER_CUT, partial(_without_driver, entry_point=entry_point)))
    yield from _repaired(code, repairs)


def _repaired(code: str, repairs: Iterable[tuple[str, _Repair]]) -> Iterator[Mended]:
    labels: tuple[str, ...] = ()
    for label, repair in repairs:
        facts = facts_of(code)
        if facts is None:
            return
        better = repair(code, facts)
        if better != code:
            code, labels = better, (*labels, label)
            yield Mended(labels, code)


def with_names_bound(code: str) -> Mended:
    """The program with imports of the names that it does not bind. This is certain, not a guess: a name that is bound
    nowhere is an error wherever it is used, and public tests may miss that place."""
    *_, bound = [Mended((), code), *_repaired(code, _BINDING)]
    return bound


def completed(code: str, starter: str) -> str:
    """Add what the answer took from the starter code without repeating it. This is not a guess, because the problem
    gives it: the statements that bind names which the program uses but does not bind (imports and helpers), or all of
    it if the answer is only the body of the function.

    Args:
        code: the program of an answer.
        starter: the problem's starter code; it may end in the middle of a function.
    """
    if not starter:
        return code
    if not is_python(code):
        return _as_body(code, starter)
    facts = facts_of(code)
    if facts is None or not facts.undefined:
        return code
    given = _statements(starter)
    lines, wanted = [], set(facts.undefined)
    for statement in reversed(given):  # a helper may use an earlier one
        bound = _bound_by(statement)
        if bound & wanted:
            lines.insert(0, ast.unparse(statement))
            inside = facts_of(lines[0])
            wanted |= set(inside.undefined) if inside else set()
    return _on_top(code, lines)


def _as_body(code: str, starter: str) -> str:
    """The starter code with `code` as the body of its last function; `code` if that does not compile."""
    heads = list(re.finditer(r"^([ \t]*)(?:async\s+)?def\s+(\w+)", starter, re.MULTILINE))
    if not heads or re.search(rf"\bdef\s+{heads[-1].group(2)}\b", code):
        return code
    body = textwrap.indent(textwrap.dedent(code), heads[-1].group(1) + "    ")
    whole = f"{starter.rstrip()}\n{body}"
    return whole if is_python(whole) else code


def _statements(starter: str) -> list[ast.stmt]:
    """The statements of starter code except the last one, the requested function, which may have no body."""
    for ending in ("", "\n    pass\n", "\n        pass\n"):
        try:
            return syntax_tree(starter.rstrip() + ending).body[:-1]
        except FAULTS:
            continue
    return []


def _bound_by(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {(each.asname or each.name).partition(".")[0] for each in names}
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            return {each.id for each in targets if isinstance(each, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
    return set()


def _with_imports(code: str, facts: ProgramFacts) -> str:
    lines = sorted(filter(None, (_import_of(name, code) for name in facts.undefined)))
    return _on_top(code, lines)


def _import_of(name: str, code: str) -> str:
    """The import that binds a name of the standard library, or an empty text."""
    if name in _MODULES and re.search(rf"(?<![\w.]){re.escape(name)}\.\w", code):
        return f"import {name}"
    module = name if name in _BOTH else _MODULE_OF.get(name)
    return f"from {module} import {name}" if module else ""


def _with_old_names(code: str, facts: ProgramFacts) -> str:
    return _on_top(code, [f"{name} = {_OLD[name]}" for name in facts.undefined if name in _OLD])


def _on_top(code: str, lines: list[str]) -> str:
    """The program with these lines at the top, after its docstring and its `from __future__` imports."""
    if not lines:
        return code
    at = 0
    for statement in syntax_tree(code).body:
        match statement:
            case ast.Expr(value=ast.Constant(value=str())) if statement.lineno == 1 or at == 0:
                at = statement.end_lineno or at
            case ast.ImportFrom(module="__future__"):
                at = statement.end_lineno or at
            case _:
                break
    old = code.split("\n")
    return "\n".join([*old[:at], *lines, *old[at:]])


_BINDING: tuple[tuple[str, _Repair], ...] = ((IMPORTED, _with_imports), (PYTHON_2, _with_old_names))


def _with_call(code: str, facts: ProgramFacts) -> str:
    """Add a call of the only function that can be the main one, if the top level does nothing."""
    tree = syntax_tree(code)
    if facts.acts or any(map(acts, tree.body)):
        return code
    ready = [each for each in facts.functions if each.least == 0]
    called = _called_names(tree)
    loose = [each for each in ready if each.name not in called]
    chosen = next((each for name in _MAIN for each in ready if each.name == name), None)
    if chosen is None and len(loose) == 1:
        chosen = loose[0]
    if chosen is None:
        return code
    prints = any(name in called for name in ("print", "write", "writelines"))
    call = f"{chosen.name}()" if prints else f"print({chosen.name}())"
    dead = [each for each in tree.body if isinstance(each, ast.If) and guards_main(each) is False]
    lines = code.rstrip("\n").split("\n")
    if dead and any(isinstance(node, ast.Call) for each in dead for node in ast.walk(each)):
        for each in dead:
            lines[each.lineno - 1] = "if __name__ == '__main__':"
        return "\n".join(lines) + "\n"
    return "\n".join(lines) + f"\n\n\n{call}\n"


def _called_names(code: ast.AST) -> set[str]:
    called = (node.func for node in ast.walk(code) if isinstance(node, ast.Call))
    return {getattr(each, "id", None) or getattr(each, "attr", "") for each in called}


def _without_prompts(code: str, facts: ProgramFacts) -> str:
    """Call `input()` without the text that it would print."""
    asked = [
        node.args[0]
        for node in ast.walk(syntax_tree(code))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "input" and node.args
    ]
    lines = code.split("\n")
    for text in sorted(asked, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        if text.end_lineno == text.lineno and text.end_col_offset is not None:
            line = lines[text.lineno - 1].encode()  # columns are bytes
            lines[text.lineno - 1] = (line[: text.col_offset] + line[text.end_col_offset :]).decode()
    return "\n".join(lines)


@dataclass(frozen=True)
class _Callable:
    """What may be the requested function.

    name: its own; path: how the top level reaches it. least, most: its positional arguments.
    """

    name: str
    path: str
    least: int
    most: float

    def takes(self, count: int | None) -> bool:
        return count is None or self.least <= count <= self.most


def _callables(tree: ast.Module) -> Iterator[_Callable]:
    """The functions of a program, also those with a name for a lambda, and the methods of its classes."""
    for statement in tree.body:
        match statement:
            case ast.FunctionDef(name=name, args=args):
                yield _Callable(name, name, *arguments(args))
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda(args=args)):
                yield _Callable(name, name, *arguments(args))
            case ast.ClassDef(name=owner, body=body):
                for each in body:
                    if isinstance(each, ast.FunctionDef) and not each.name.startswith("_"):
                        static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in each.decorator_list)
                        least, most = arguments(each.args)
                        own = 0 if static else 1  # `self`
                        path = f"{owner}.{each.name}" if static else f"{owner}().{each.name}"
                        yield _Callable(each.name, path, least - own, most - own)


def _meant(found: list[_Callable], name: str, arity: int | None, called: set[str]) -> _Callable | None:
    """The only one of several that can be meant by a name, if there is one."""
    fitting = [each for each in found if each.takes(arity)]
    if len(fitting) > 1:  # helpers are called by another function
        fitting = [each for each in fitting if each.name not in called]
    fitting = [each for each in fitting if letters(each.name) == letters(name)] or fitting
    if len(fitting) > 1:
        fitting = [each for each in fitting if each.name != "main"]
    return fitting[0] if len(fitting) == 1 else None


def _with_alias(code: str, facts: ProgramFacts, entry_point: str, arity: int | None) -> str:
    """Give the only function or method that can be meant the requested name."""
    if entry_point in {each.name for each in facts.functions} | set(facts.classes) | set(facts.assigned):
        return code
    tree = syntax_tree(code)
    found, called = list(_callables(tree)), _called_names(tree)
    meant = _meant([each for each in found if each.path == each.name], entry_point, arity, called)
    meant = meant or _meant([each for each in found if each.path != each.name], entry_point, arity, called)
    return f"{code.rstrip()}\n\n\n{entry_point} = {meant.path}\n" if meant else code


def _in_class(code: str, facts: ProgramFacts, entry_point: str, arity: int | None) -> str:
    """Give the requested class the only function or method that can be meant, under the requested name."""
    owner, _, method = entry_point.partition(".")
    tree = syntax_tree(code)
    found, called = list(_callables(tree)), _called_names(tree)
    if owner in facts.assigned:
        return code
    if owner in facts.classes:
        own = [each for each in found if each.path.startswith((f"{owner}.", f"{owner}()."))]
        meant = None if any(each.name == method for each in own) else _meant(own, method, arity, set())
        return f"{code.rstrip()}\n\n\n{owner}.{method} = {owner}.{meant.name}\n" if meant else code
    functions = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}
    bound = [name for name, each in functions.items() if each.args.args and each.args.args[0].arg == "self"]
    free = [
        _Callable(each.name, each.path, each.least - 1, each.most - 1) if each.name in bound else each
        for each in found
        if each.path == each.name
    ]
    meant = _meant(free, method, arity, called) or _meant(
        [each for each in found if each.path != each.name], method, arity, set()
    )
    if meant is None:
        return code
    if meant.path != meant.name:  # of another class, with its constructor and its other methods
        other = meant.path.partition(".")[0].removesuffix("()")
        renamed = [f"{owner} = {other}"] + [f"{owner}.{method} = {other}.{meant.name}"] * (meant.name != method)
        return "\n".join([code.rstrip(), "", "", *renamed]) + "\n"
    lines = [f"    {name} = {name}" for name in bound]
    if meant.name != method or meant.name not in bound:
        lines.append(f"    {method} = {meant.name if meant.name in bound else f'staticmethod({meant.name})'}")
    return "\n".join([code.rstrip(), "", "", f"class {owner}:", *lines]) + "\n"


def _without_driver(code: str, facts: ProgramFacts, entry_point: str) -> str:
    """Cut the statements at the top level that run the requested function: they may wait for input that a test of a
    function does not have, end the process, or fail on an example of their own. Statements that use what these bind are
    cut too."""
    body = syntax_tree(code).body
    reading = {*_ENDS, *(each.name for each in body if isinstance(each, ast.FunctionDef) and reads_input(each))}
    asked = set(entry_point.split("."))
    running = reading | asked
    for each in body:  # functions that run the requested one, such as `main`
        if isinstance(each, ast.FunctionDef) and (_called_names(each) & running or prints(each)):
            running.add(each.name)
    given = {name for each in body if isinstance(each, _DEFINES) for name in _bound_by(each)}
    cut: list[ast.stmt] = []
    lost: set[str] = set()
    for each in body:
        if isinstance(each, _DEFINES):
            continue
        if _names_in(each) & lost or _drives(each, reading, running, asked):
            cut.append(each)
            lost |= _changed_by(each) - given
        else:
            lost -= _stored_in(each)
    kept = [each for each in body if each not in cut]
    return "\n".join(map(ast.unparse, kept)) + "\n" if cut and kept else code


_DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def _drives(statement: ast.stmt, reading: set[str], running: set[str], asked: set[str]) -> bool:
    """Whether a statement at the top level reads, prints or checks something, or calls the requested function.

    Args:
        statement: the statement.
        reading, running: names of functions that read input, and of those that run the requested one.
        asked: the names of the requested function and its class.
    """
    called = _called_names(statement)
    if isinstance(statement, ast.Assert | ast.Raise) or reads_input(statement) or called & reading:
        return True
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return bool(called & asked)
    return acts(statement) and (bool(called & running) or prints(statement))


def _names_in(statement: ast.stmt) -> set[str]:
    """The names that a statement reads."""
    return {each.id for each in ast.walk(statement) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}


def _stored_in(statement: ast.stmt) -> set[str]:
    """The names that a statement at the top level binds."""
    return {each.id for each in ast.walk(statement) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}


def _changed_by(statement: ast.stmt) -> set[str]:
    """The names that a statement binds, or whose values it may change: `rows.append(1)`, `rows[0] = 1`."""
    holders = (each.value for each in ast.walk(statement) if isinstance(each, ast.Attribute | ast.Subscript))
    return _stored_in(statement) | {each.id for each in holders if isinstance(each, ast.Name)}
