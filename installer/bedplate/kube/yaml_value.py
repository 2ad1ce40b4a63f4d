"""Building values from YAML nodes: duplicate keys and unknown tags are errors, aliases become copies."""

from __future__ import annotations

from typing import Any

import yaml

from bedplate.core.errors import InputError, SourceLocation
from bedplate.kube.yaml_scalar import NO_NUMBER, resolve

MAX_DEPTH = 100
"""The deepest schemas of custom resources nest to about 40 levels."""
STANDARD = "tag:yaml.org,2002:"
TAGS = {"str", "int", "float", "bool", "null", "timestamp", "binary", "map", "seq"}
PLAIN, TEXT, OTHER = "plain", "text", "other"
"""What nodes have instead of tags: a plain scalar, a quoted one, a collection."""
MERGE = "<<"
NUMERIC = ("+", "-", ".")
ITEM_DEPTH = 2
"""The depth of the items of a list of objects, whose lines errors show."""


class ValueBuilder:
    """Builds values from nodes; aliases become copies, with at most ``limit`` values in total."""

    def __init__(self, file: str, before: int, limit: int) -> None:
        """Take the file's name for messages, the number of lines before the text, and the limit."""
        self.lines: dict[int, int] = {}
        self._file, self._before, self._left = file, before, limit

    def value(self, node: Any, depth: int) -> Any:
        """Return a node's value."""
        self._left -= 1
        if self._left < 0:
            raise self._error("YAML", "expands without end through its aliases", "write the values out", node)
        kind = type(node)
        if kind is yaml.ScalarNode:
            return node.value if node.tag == TEXT else self._scalar(node)
        if depth > MAX_DEPTH:
            raise self._error("YAML", "refers to itself through an alias", "write the values out", node)
        if node.tag != OTHER and node.tag.removeprefix(STANDARD) not in TAGS:
            raise self._error(f"tag {node.tag}", "means nothing to Kubernetes", "remove it", node)
        if kind is yaml.MappingNode:
            return self._mapping(node, depth)
        return [self.value(item, depth + 1) for item in node.value]

    def _mapping(self, node: Any, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: list[Any] = []
        for key_node, value_node in node.value:
            if key_node.tag == PLAIN and key_node.value == MERGE:
                merged.append(value_node)
                continue
            key = self._key(key_node)
            if key in result:
                raise self._duplicate(key, key_node, node)
            result[key] = self.value(value_node, depth + 1)
        for value_node in merged:
            self._merge(result, value_node, depth)
        if depth == ITEM_DEPTH:
            self.lines[id(result)] = self._before + node.start_mark.line + 1
        return result

    def _duplicate(self, key: str, again: Any, node: Any) -> InputError:
        first = next(one for one, _ in node.value if self._key(one) == key)
        fact = f"is a duplicate (first on line {self._before + first.start_mark.line + 1})"
        return self._error(f"key {key}", fact, "keep one of the two", again)

    def _merge(self, result: dict[str, Any], node: Any, depth: int) -> None:
        """Add the keys of ``<<: *alias`` that are not set yet (https://yaml.org/type/merge.html)."""
        for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if not isinstance(source, yaml.MappingNode):
                raise self._error("key <<", "does not name a mapping", "write the values out", node)
            for key, value in self._mapping(source, depth + 1).items():
                result.setdefault(key, value)

    def _key(self, node: Any) -> str:
        """Return a key as text, as kubectl does: ``true`` for the boolean, ``1`` for the number."""
        value = node.value if node.tag == TEXT else self._scalar(node) if type(node) is yaml.ScalarNode else None
        match value:
            case str():
                return value
            case bool():
                return "true" if value else "false"
            case int() | float():
                return str(value)
            case _:
                raise self._error("key", "is not text", "write 'name: value'", node)

    def _scalar(self, node: Any) -> Any:
        """Return the value of a scalar that is plain or has a tag."""
        text, tag = node.value, node.tag
        if tag != PLAIN:
            short = tag.removeprefix(STANDARD)
            if short not in TAGS:
                raise self._error(f"tag {tag}", "means nothing to Kubernetes", "remove it", node)
            if short in {"str", "binary", "timestamp"}:
                return text
        if text[:1] in NUMERIC and NO_NUMBER.fullmatch(text):
            raise self._error("number", f"is {text}, which is not allowed in Kubernetes", "put it in quotes", node)
        return resolve(text)

    def _error(self, subject: str, fact: str, step: str, node: Any) -> InputError:
        mark = node.start_mark
        return InputError(
            subject, fact, step, SourceLocation(self._file, self._before + mark.line + 1, mark.column + 1)
        )
