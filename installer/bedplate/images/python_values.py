"""Values in a Python program: assigned, passed and default values, without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

HOLE = "{}"
"""Placeholder for a part that only the running program knows."""
PAIR = 2


def values(text: str) -> list[dict[str, Any]]:
    """Return the program's values as mappings of one name to one value; empty if the text is not Python.

    Comments and docstrings are left out. Text that the program joins has holes for the unknown parts.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return list(_named(tree))


def _named(node: ast.AST) -> Iterator[dict[str, Any]]:
    match node:
        case ast.Assign(targets=[target, *_], value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
            yield from _under(_name(target), value)
        case ast.keyword(arg=name, value=value):
            yield from _under(name or "", value)
        case ast.arguments():
            for argument, default in zip(reversed(node.posonlyargs + node.args), reversed(node.defaults), strict=False):
                yield from _under(argument.arg, default)
            for argument, given in zip(node.kwonlyargs, node.kw_defaults, strict=True):
                yield from _under(argument.arg, given) if given else ()
        case ast.Call(args=[ast.Constant(value=str(name)), default], keywords=keywords):
            yield from _under(name, default)  # os.environ.get("X_IMAGE", "a/b:1")
            yield from (value for keyword in keywords for value in _named(keyword))
        case ast.Expr(value=ast.Constant()):
            return
        case ast.Constant() | ast.JoinedStr() | ast.BinOp() | ast.Dict() | ast.List() | ast.Tuple():
            yield from _under("", node)
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _named(child)


def _under(name: str, node: ast.expr) -> Iterator[dict[str, Any]]:
    value = _value(node)
    if value is not None:
        yield {name: value}
    else:
        yield from _named(node)


def _name(target: ast.expr) -> str:
    match target:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=base, attr=name):
            return f"{_name(base)}.{name}" if _name(base) else name
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
        case _:
            return ""


def _value(node: ast.expr) -> Any:
    """Return a literal with holes, None if the node is not a literal."""
    match node:
        case ast.Constant(value=value) if isinstance(value, str | int | float):
            return value
        case ast.JoinedStr(values=parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(left) + _text(right)
        case ast.Dict(keys=keys, values=items):
            return {_text(key): _filled(item) for key, item in zip(keys, items, strict=True) if key}
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_filled(item) for item in items]
        case _:
            return None


def _text(node: ast.expr) -> str:
    value = _value(node)
    return value if isinstance(value, str) else HOLE


def _filled(node: ast.expr) -> Any:
    value = _value(node)
    return list(_named(node)) if value is None else value
