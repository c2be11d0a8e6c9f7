"""Repairs, without a call, of a program that fails its tests; the caller decides by tests whether to keep them.

Each repair is a guess, so it is only tried with some evidence: a name that is bound nowhere, nothing that is ever
called, a function with another name than requested.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from program.answers.coercions import letters
from program.answers.scopes import Function, ProgramFacts, acts, facts_of, guards_main
from program.answers.syntax import FAULTS, is_python, syntax_tree

IMPORTED = "an import added"
PYTHON_2 = "a name of Python 2"
CALLED = "its main function called"
ALIASED = "the function under the name asked for"
IN_CLASS = "the functions put into the class asked for"
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
    labels: tuple[str, ...] = ()
    repairs: list[tuple[str, _Repair]] = [(IMPORTED, _with_imports), (PYTHON_2, _with_old_names)]
    if entry_point is None:
        repairs.append((CALLED, _with_call))
    else:
        if "." in entry_point:
            repairs.append((IN_CLASS, partial(_in_class, entry_point=entry_point)))
        else:
            repairs.append((ALIASED, partial(_with_alias, entry_point=entry_point, arity=arity)))
        repairs.append((DRIVER_CUT, partial(_without_driver, entry_point=entry_point)))
    for label, repair in repairs:
        facts = facts_of(code)
        if facts is None:
            return
        better = repair(code, facts)
        if better != code:
            code, labels = better, (*labels, label)
            yield Mended(labels, code)


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
            return ast.parse(starter.rstrip() + ending).body[:-1]
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


def _called_names(tree: ast.Module) -> set[str]:
    called = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {getattr(each, "id", None) or getattr(each, "attr", "") for each in called}


def _with_alias(code: str, facts: ProgramFacts, entry_point: str, arity: int | None) -> str:
    """Give the only function that can be meant the requested name."""
    if entry_point in {each.name for each in facts.functions} | set(facts.classes) | set(facts.assigned):
        return code
    tree = syntax_tree(code)
    fitting = [each for each in facts.functions if _fits(each, arity)]
    called = _called_names(tree)
    if len(fitting) > 1:  # helpers are called by another function
        fitting = [each for each in fitting if each.name not in called]
    alike = [each for each in fitting if letters(each.name) == letters(entry_point)]
    fitting = alike or fitting
    if len(fitting) > 1:
        fitting = [each for each in fitting if each.name != "main"]
    if len(fitting) == 1:
        return code.rstrip("\n") + f"\n\n\n{entry_point} = {fitting[0].name}\n"
    method = _method(tree, entry_point, arity) if not fitting else ""
    return code.rstrip("\n") + f"\n\n\n{entry_point} = {method}\n" if method else code


def _in_class(code: str, facts: ProgramFacts, entry_point: str) -> str:
    """Add the class of the requested method, if the program has the method as a function of its own."""
    owner, _, method = entry_point.partition(".")
    functions = [each for each in syntax_tree(code).body if isinstance(each, ast.FunctionDef)]
    if owner in (*facts.classes, *facts.assigned) or method not in {each.name for each in functions}:
        return code
    bound = [each.name for each in functions if each.args.args and each.args.args[0].arg == "self"]
    lines = [f"    {name} = {name}" for name in bound]
    lines += [] if method in bound else [f"    {method} = staticmethod({method})"]
    return "\n".join([code.rstrip("\n"), "", "", f"class {owner}:", *lines]) + "\n"


def _without_driver(code: str, facts: ProgramFacts, entry_point: str) -> str:
    """Cut the statements at the top level that run the requested function: they may wait for input that a test of a
    function does not have, end the process, or fail on an example of their own."""
    body = syntax_tree(code).body
    names = {*entry_point.split("."), *_ENDS}
    for each in body:  # functions that run the requested one, such as `main`
        if isinstance(each, ast.FunctionDef) and each.name not in names and _is_busy(each, names):
            names.add(each.name)
    cut = [each for each in body if _drives(each, names)]
    lost = set().union(*map(_bound_by, cut))
    kept = [each for each in body if each not in cut and not (acts(each) and _names_in(each) & lost)]
    return "\n".join(map(ast.unparse, kept)) + "\n" if len(kept) < len(body) and kept else code


def _drives(statement: ast.stmt, names: set[str]) -> bool:
    """Whether a statement at the top level reads, prints or checks something, or calls one of these names."""
    if isinstance(statement, ast.Assert | ast.Raise):
        return True
    assigns = isinstance(statement, ast.Assign | ast.AnnAssign)
    return (assigns or acts(statement)) and _is_busy(statement, names)


def _is_busy(statement: ast.stmt, names: set[str]) -> bool:
    facts = facts_of(ast.unparse(statement))
    called = _called_names(ast.Module([statement], []))
    return facts is None or facts.reads_input or facts.prints or bool(called & names)


def _names_in(statement: ast.stmt) -> set[str]:
    """The names that a statement reads."""
    return {each.id for each in ast.walk(statement) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}


def _method(tree: ast.Module, entry_point: str, arity: int | None) -> str:
    """A method of the only class that can be meant, as `Solution().name`."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    if len(classes) != 1:
        return ""
    methods = [node for node in classes[0].body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    named = [node for node in methods if node.name == entry_point] or methods
    fitting = [node for node in named if arity is None or len(node.args.args) == arity + 1 or node.args.vararg]
    return f"{classes[0].name}().{fitting[0].name}" if len(fitting) == 1 else ""


def _fits(function: Function, arity: int | None) -> bool:
    return arity is None or function.least <= arity <= function.most
