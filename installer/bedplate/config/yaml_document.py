"""A parsed YAML file that knows the line and column of each value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bedplate.core.errors import BedplateError, ErrorList, InputError, SourceLocation

KeyPath = tuple[str | int, ...]
"""Keys and list indexes from the root, as pydantic writes them."""


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """One YAML file: its data, and the nodes that the data came from.

    Attributes:
        file: the path shown in messages.
        data: the content; a mapping.
        root: PyYAML's node of the whole file.
    """

    file: str
    data: dict[str, Any]
    root: yaml.MappingNode

    def location(self, key_path: KeyPath) -> SourceLocation:
        """Return the location of the value at a key path, or of its closest existing parent."""
        node: yaml.Node = self.root
        for part in key_path:
            child = _child(node, part)
            if child is None:
                break
            node = child[1]
        return _location(self.file, node.start_mark)

    def key_location(self, key_path: KeyPath) -> SourceLocation:
        """Return the location of the key of the value at a key path, or of its closest existing parent."""
        node: yaml.Node = self.root
        key: yaml.Node = self.root
        for part in key_path:
            child = _child(node, part)
            if child is None:
                break
            key, node = child
        return _location(self.file, key.start_mark)


def read(path: Path) -> YamlDocument:
    """Read a YAML file whose root is a mapping.

    Raises:
        ErrorList: the file cannot be read or parsed, or has duplicate keys; each error with its location.
    """
    file = display_path(path)
    root = _compose(path, file)
    if not isinstance(root, yaml.MappingNode):
        where = SourceLocation(file, 1, 1) if root is None else _location(file, root.start_mark)
        raise ErrorList([InputError("file", "is not a mapping of keys to values", "write 'key: value' lines", where)])
    errors = list(_key_errors(root, file, set()))
    if errors:
        raise ErrorList(errors)
    return YamlDocument(file, _construct(root, file), root)


def display_path(path: Path) -> str:
    """Return a path for messages: relative if it is below the working directory."""
    absolute = path.absolute()
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else str(path)


def _compose(path: Path, file: str) -> yaml.Node | None:
    try:
        return yaml.compose(path.read_bytes(), Loader=yaml.SafeLoader)
    except FileNotFoundError:
        step = f"create it with `bedplate init {path.parent.name}`"
        raise ErrorList([InputError("file", "does not exist", step, SourceLocation(file))]) from None
    except OSError as error:
        raise ErrorList(
            [InputError("file", f"cannot be read: {error.strerror}", "check its permissions", SourceLocation(file))]
        ) from error
    except yaml.YAMLError as error:
        raise ErrorList([_yaml_error(error, file)]) from error


def _construct(root: yaml.MappingNode, file: str) -> dict[str, Any]:
    try:
        data: dict[str, Any] = yaml.constructor.SafeConstructor().construct_document(root)
    except yaml.YAMLError as error:
        raise ErrorList([_yaml_error(error, file)]) from error
    except ValueError as error:  # such as a date that does not exist
        fact, step = f"has a value that cannot be read: {error}", "put it in quotes"
        raise ErrorList([InputError("YAML", fact, step, _location(file, root.start_mark))]) from error
    return data


def _yaml_error(error: yaml.YAMLError, file: str) -> InputError:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        begun = f" (begun on line {error.context_mark.line + 1})" if error.context_mark else ""
        fact = ", ".join(text for text in (error.context and error.context + begun, error.problem) if text)
        where = _location(file, mark) if mark else SourceLocation(file)
        return InputError("YAML", f"cannot be read: {fact}", "fix the syntax there", where)
    return InputError(
        "YAML", f"cannot be read: {' '.join(str(error).split())}", "save it as UTF-8 text", SourceLocation(file)
    )


def _key_errors(node: yaml.Node, file: str, seen: set[int]) -> Iterator[BedplateError]:
    """Yield an error for each duplicate key of a mapping, and for each key that is not text."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _key_errors(item, file, seen)
    if isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for key, value in node.value:
            yield from _check_key(key, first, file)
            yield from _key_errors(value, file, seen)


def _check_key(key: yaml.Node, first: dict[str, int], file: str) -> Iterator[BedplateError]:
    where = _location(file, key.start_mark)
    if not isinstance(key, yaml.ScalarNode):
        yield InputError("key", "is not a plain name", "write 'name: value'", where)
    elif key.value in first:
        step = "keep one of the two"
        yield InputError(f"key {key.value}", f"is a duplicate (first on line {first[key.value]})", step, where)
    else:
        first[key.value] = where.line


def _child(node: yaml.Node, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """Return the key and value nodes of a child; a list item is its own key."""
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and 0 <= part < len(node.value):
        return node.value[part], node.value[part]
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(part)), None)
    return None


def _location(file: str, mark: yaml.Mark) -> SourceLocation:
    return SourceLocation(file, mark.line + 1, mark.column + 1)
