"""Mutants of Python code: conditions are turned, values changed, and statements left out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from mutation.mutant import Mutant

COMPARED: dict[type[ast.cmpop], str] = {
    ast.Eq: "!=", ast.NotEq: "==", ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">",
}  # fmt: skip
CALCULATED: dict[type[ast.operator], str] = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "//", ast.BitAnd: "|", ast.BitOr: "&", ast.FloorDiv: "*",
}  # fmt: skip
RESULTS = {
    "str": ('""',), "bytes": ('b""',), "bool": ("True", "False"), "int": ("0",), "float": ("0.0",),
    "list": ("[]",), "dict": ("{}",), "set": ("set()",), "tuple": ("()",), "Path": (), "Site": (),
}  # fmt: skip
"""What a function of a type returns instead; None if the type is not named here."""
COMMA = re.compile(r"\s*,\s*")
SPOKEN = frozenset({"debug", "info", "warning", "say", "report", "write", "phase", "echo"})
"""Calls that only tell people something."""


def mutants(path: Path, text: str) -> Iterator[Mutant]:
    """Yield the mutants of a module.

    Args:
        path: the module, relative to the tree.
        text: its source.

    Yields:
        Changes that leave valid Python behind.
    """
    source = _Source(path, text)
    for node in _code_of(ast.parse(text)):
        yield from _other_operators(node, source)
        yield from _other_values(node, source)
        yield from _fewer_parts(node, source)
        yield from _constant_results(node, source)


class _Source:
    """Offsets in a file by the lines and columns (in bytes) of the syntax tree."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text, self.lines = path, text, text.splitlines(keepends=True)

    def of(self, node: ast.expr | ast.stmt) -> str:
        return self.text[self._offset(node.lineno, node.col_offset) : self._end(node)]

    def replaced(self, node: ast.expr | ast.stmt, new: str) -> Mutant:
        start = self._offset(node.lineno, node.col_offset)
        return Mutant(self.path, start, self._end(node), new, node.lineno)

    def between(self, left: ast.expr, right: ast.expr, new: str) -> Mutant:
        start, end = self._end(left), self._offset(right.lineno, right.col_offset)
        return Mutant(self.path, start, end, f" {new} ", left.end_lineno or left.lineno)

    def removed(self, node: ast.expr | ast.keyword, first: ast.expr | None = None) -> Mutant:
        """Return the change that removes an element together with the comma behind it."""
        begin = first or node
        start, end = self._offset(begin.lineno, begin.col_offset), self._end(node)
        comma = COMMA.match(self.text, end)
        return Mutant(self.path, start, comma.end() if comma else end, "", begin.lineno)

    def _end(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        return self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def _offset(self, line: int, column: int) -> int:
        before = self.lines[line - 1].encode()[:column].decode()
        return sum(map(len, self.lines[: line - 1])) + len(before)


def _code_of(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run, without annotations, decorators, default texts and what is raised."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "type_params", "exc", "bases"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_docstring(child):
                yield from _code_of(child)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _other_operators(node: ast.AST, source: _Source) -> Iterator[Mutant]:
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARED:
            yield source.between(left, right, COMPARED[type(op)])
        case ast.BinOp(left=left, op=op, right=right) if type(op) in CALCULATED:
            yield source.between(left, right, CALCULATED[type(op)])
        case ast.BoolOp(op=op, values=[left, right]):
            yield source.between(left, right, "or" if isinstance(op, ast.And) else "and")
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield source.replaced(node, source.of(operand))


def _other_values(node: ast.AST, source: _Source) -> Iterator[Mutant]:
    match node:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            yield source.replaced(test, f"(not ({source.of(test)}))")
        case ast.Constant(value=bool() as value):
            yield source.replaced(node, str(not value))
        case ast.Constant(value=int() as value):
            yield source.replaced(node, str(value + 1))
        case ast.Expr(value=ast.Call(func=func)) if _name(func) not in SPOKEN:
            yield source.replaced(node, "pass")
        case ast.Raise():
            yield source.replaced(node, "pass")


def _fewer_parts(node: ast.AST, source: _Source) -> Iterator[Mutant]:
    """Yield calls without one of their named arguments, and lists and dicts without one of their elements."""
    match node:
        case ast.Call(keywords=keywords, func=func) if _name(func) not in SPOKEN:
            yield from (source.removed(one) for one in keywords if one.arg)
        case ast.List(elts=elements, ctx=ast.Load()) if len(elements) > 1:
            yield from (source.removed(one) for one in elements)
        case ast.Dict(keys=keys, values=values) if len(values) > 1:
            pairs = zip(keys, values, strict=True)
            yield from (source.removed(value, first=key) for key, value in pairs if key)


def _constant_results(node: ast.AST, source: _Source) -> Iterator[Mutant]:
    """Yield functions of which one `return` gives a constant of the same type, as if nothing were looked at."""
    if isinstance(node, ast.FunctionDef) and node.returns:
        kind = ast.unparse(node.returns).partition("[")[0]
        for one in ast.walk(node):
            if isinstance(one, ast.Return) and one.value and not isinstance(one.value, ast.Constant):
                yield from (
                    source.replaced(one.value, new)
                    for new in RESULTS.get(kind, ("None",))
                    if new != source.of(one.value)
                )


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
