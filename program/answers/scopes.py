"""Analyses the names in a program: which are bound nowhere, whether it reads input, what it defines."""

from __future__ import annotations

import ast
import builtins
import importlib
import re
import symtable
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from program.answers.syntax import FAULTS, FILE, syntax_tree

_GIVEN = frozenset(dir(builtins)) | {
    "__annotations__",
    "__builtins__",
    "__cached__",
    "__doc__",
    "__file__",
    "__loader__",
    "__name__",
    "__package__",
    "__spec__",
    "exit",
    "quit",
}
# Modules that may be imported here to find out what `from … import *` binds.
_STAR = re.compile(
    "array|bisect|cmath|collections|copy|datetime|decimal|fractions|functools|heapq|itertools|math|operator|os|queue|"
    "random|re|statistics|string|sys|time|typing"
)
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_CATCHES = frozenset({"NameError", "Exception", "BaseException"})


@dataclass(frozen=True)
class Function:
    """A function at the top level of a program, and the minimum and maximum number of its positional arguments."""

    name: str
    least: int
    most: float


@dataclass(frozen=True)
class ProgramFacts:
    """Facts about a program, found without running it.

    undefined: names that it uses but does not bind, in alphabetical order.
    reads_input: whether some code in it reads standard input.
    prints: whether some code in it writes to standard output.
    acts: whether running it does more than define things.
    says_something: whether it contains more than constants and names.
    functions, classes, assigned: its definitions at the top level.
    """

    undefined: tuple[str, ...]
    reads_input: bool
    prints: bool
    acts: bool
    says_something: bool
    functions: tuple[Function, ...]
    classes: tuple[str, ...]
    assigned: tuple[str, ...]


@lru_cache(maxsize=128)  # the facts of one answer are used several times
def facts_of(code: str) -> ProgramFacts | None:
    """The facts of a program; None if it is not Python."""
    try:
        tree = syntax_tree(code)
        undefined = _undefined(code, tree)
    except FAULTS:
        return None
    body = tree.body
    return ProgramFacts(
        undefined,
        reads_input(tree),
        prints(tree),
        any(map(acts, body)),
        any(isinstance(node, _SUBSTANCE) for node in ast.walk(tree)),
        tuple(Function(node.name, *arguments(node.args)) for node in body if isinstance(node, ast.FunctionDef)),
        tuple(node.name for node in body if isinstance(node, ast.ClassDef)),
        tuple(
            target.id
            for node in body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        ),
    )


_SUBSTANCE = (ast.Call, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.For)
_SUBSTANCE += (ast.While, ast.Assert, ast.Raise)


# Modules whose functions set something up.
_SET_UP = frozenset({"decimal", "faulthandler", "gc", "random", "resource", "signal", "sys", "threading", "warnings"})


def acts(statement: ast.stmt) -> bool:
    """Whether a statement at the top level does more than define, import or set up.

    A call that sets something up (`sys.setrecursionlimit`, `gc.disable`) does not; a guard that is never true does
    nothing.
    """
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Import() | ast.ImportFrom() | ast.Pass():
            return False
        case ast.Assign() | ast.AnnAssign():
            return any(isinstance(node, ast.Call) and reads_input(node) for node in ast.walk(statement))
        case ast.Expr(value=ast.Constant()):
            return False
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name))) if module in _SET_UP:
            return name in ("exit", "_exit")
        case ast.Expr(value=ast.Call(func=called)):
            return not _name_of(called).startswith(("set", "seed"))
        case ast.If() if guards_main(statement) is False:
            return any(map(acts, statement.orelse))
        case ast.Try(body=body, handlers=handlers):
            return any(map(acts, body)) or any(acts(each) for handler in handlers for each in handler.body)
    return True


def guards_main(statement: ast.If) -> bool | None:
    """Whether the branch of `if __name__ == …` runs when the program is executed; None for any other condition."""
    match statement.test:
        case ast.Compare(left=ast.Name("__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value=value)]):
            return value == "__main__"
        case ast.Compare(left=ast.Constant(value=value), ops=[ast.Eq()], comparators=[ast.Name("__name__")]):
            return value == "__main__"
    return None


def reads_input(node: ast.AST) -> bool:
    """Whether some code in a node reads standard input."""
    return any(map(_reads, ast.walk(node)))


def prints(node: ast.AST) -> bool:
    """Whether some code in a node writes to standard output."""
    return any(map(_prints, ast.walk(node)))


def _reads(node: ast.AST) -> bool:
    match node:
        case ast.Name(id="input" | "raw_input" | "fileinput"):
            return True
        case ast.Attribute(attr="stdin" | "__stdin__", ctx=ast.Load()):
            return True
        case ast.Attribute(value=ast.Name("os"), attr="read" | "fdopen" | "dup"):
            return True
        case ast.ImportFrom(module="sys", names=names):
            return any(each.name == "stdin" for each in names)
        case ast.Import(names=names):
            return any(each.name == "fileinput" for each in names)
        case ast.Call(func=called, args=[ast.Constant(value=0 | "/dev/stdin" | "/dev/fd/0"), *_]):
            return _name_of(called) in ("open", "Path", "read", "fdopen", "FileIO")
    return False


def _prints(node: ast.AST) -> bool:
    match node:
        case ast.Name(id="print" | "pprint") | ast.Attribute(attr="stdout" | "__stdout__" | "print" | "pprint"):
            return True
        case ast.Attribute(value=ast.Name("os"), attr="write"):
            return True
        case ast.ImportFrom(module="sys", names=names):
            return any(each.name == "stdout" for each in names)
        case ast.Call(func=called, args=[ast.Constant(value=1 | "/dev/stdout" | "/dev/fd/1"), *_]):
            return _name_of(called) in ("open", "fdopen", "FileIO")
    return False


def _name_of(called: ast.AST) -> str:
    return getattr(called, "id", None) or getattr(called, "attr", "")


def arguments(given: ast.arguments) -> tuple[int, float]:
    """The minimum and maximum number of arguments of a call, all by position."""
    positional = len(given.posonlyargs) + len(given.args)
    needed = positional - len(given.defaults) + sum(default is None for default in given.kw_defaults)
    return needed, float("inf") if given.vararg else positional


def _undefined(code: str, tree: ast.Module) -> tuple[str, ...]:
    top = symtable.symtable(code, FILE, "exec")
    scopes = list(_scopes(top))
    bound = {each.get_name() for each in top.get_symbols() if _binds(each)}
    bound |= {each.get_name() for s in scopes for each in s.get_symbols() if each.is_declared_global() and _binds(each)}
    used = {
        each.get_name()
        for scope in scopes
        for each in scope.get_symbols()
        if each.is_referenced() and (each.is_global() or scope is top)
    }
    missing = used - bound - _GIVEN
    if not missing:
        return ()
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=module, names=[ast.alias(name="*")]):
                if module is None or not _STAR.fullmatch(module):
                    return ()
                missing -= set(_public(module))
            case ast.Try(body=body, handlers=handlers) if any(map(_catches_name_errors, handlers)):
                missing -= {each.id for part in body for each in ast.walk(part) if isinstance(each, ast.Name)}
            case ast.Name(id="globals" | "exec"):  # may bind any name
                return ()
    return tuple(sorted(missing))


def _scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _scopes(child)


def _binds(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace() or symbol.is_parameter()


def _public(module: str) -> list[str]:
    loaded = importlib.import_module(module)
    return getattr(loaded, "__all__", None) or [name for name in dir(loaded) if not name.startswith("_")]


def _catches_name_errors(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    return any(_name_of(node) in _CATCHES for node in ast.walk(handler.type))


def is_stub(code: str, entry_point: str) -> bool:
    """Whether the requested function or method exists without a body: only a docstring, `pass` or `...`.

    Args:
        code: a program that compiles.
        entry_point: "f", "Solution.f".
    """
    body: list[ast.stmt] = syntax_tree(code).body
    for name in entry_point.split("."):
        named = [each for each in body if isinstance(each, _NAMED) and each.name == name]
        if not named:
            return False
        body = named[-1].body
    return all(isinstance(each, ast.Pass) or _is_constant(each) for each in body)


def _is_constant(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
