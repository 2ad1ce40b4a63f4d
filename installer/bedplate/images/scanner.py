"""Scanner of one object: decides which rule reads which of its values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bedplate.images import command_lines, exact, key_hints, nested, parts, text, variables
from bedplate.images.arguments import arguments, options
from bedplate.images.parts import SharedParts
from bedplate.images.reference import Certainty, FoundImage, ImageReference, Kind, UnresolvedImage
from bedplate.kube.change import InsideDocument, Path

SHARING = frozenset({"global", *parts.REGISTRY})
"""Keys of a mapping that may give a registry and a tag to the images below it."""
BARE = re.compile(r"[a-z0-9][a-z0-9._-]*")
FIELDS = (Kind.FIELD, Kind.CUSTOM_RESOURCE)
"""Kinds of places in which a template for an image is told."""
DATA = ("data", "binaryData", "stringData")
SHORTEST = 3
"""Characters of the shortest reference, such as a/b."""


@dataclass(slots=True)
class Scanner:
    """The scan of one object.

    Attributes:
        references: the references found, in the order of the object.
        seen: image and path of each.
        scanned: ids of scanned values: a value that YAML aliases share is scanned once, so that cycles end.
        documents: documents that strings contain, kept so that no id in `scanned` is used again.
        unresolved: image fields that name no image: templates, and what is no reference.
        shared: the registry and the tag that a surrounding mapping gives.
    """

    references: list[ImageReference] = field(default_factory=list)
    seen: set[tuple[str, Path]] = field(default_factory=set)
    scanned: set[int] = field(default_factory=set)
    documents: list[Any] = field(default_factory=list)
    unresolved: list[UnresolvedImage] = field(default_factory=list)
    shared: SharedParts | None = None

    def add(self, found: FoundImage, path: Path, kind: Kind) -> None:
        """Add a reference, once for each path."""
        key = (str(found.image), path)
        if key not in self.seen:
            self.seen.add(key)
            self.references.append(ImageReference(found.image, found.written, found.certainty, path, kind))

    def scan_data(self, obj: Mapping[str, Any], *, is_secret: bool) -> None:
        """Scan a ConfigMap or a Secret, whose values are files."""
        self.scan_mapping({k: v for k, v in obj.items() if k not in DATA}, (), Kind.FIELD)
        for part in DATA:
            values = obj.get(part)
            if not isinstance(values, dict):
                continue
            encoded = part == "binaryData" or (part == "data" and is_secret)
            files = {k: nested.decoded(v) if encoded else v for k, v in values.items() if isinstance(v, str)}
            self.scan_mapping(files, (part,), Kind.CONFIGMAP, part)

    def scan_value(self, value: Any, path: Path, kind: Kind, key: str) -> None:
        """Scan any value; `key` is its name."""
        if isinstance(value, str):
            self.scan_text(value, path, kind, key)
        elif isinstance(value, dict | list) and id(value) not in self.scanned:
            self.scanned.add(id(value))
            if isinstance(value, dict):
                self.scan_mapping(value, path, kind, key)
            else:
                self.scan_list(value, path, kind, key)

    def scan_mapping(self, value: Mapping[str, Any], path: Path, kind: Kind, key: str = "") -> None:
        """Scan a mapping: first references in several values together, then each value by its key."""
        outer = self.shared
        if not SHARING.isdisjoint(value):
            self.shared = parts.shared_parts(value) or outer
        self._scan_keys(value, path, kind, key)
        self.shared = outer

    def _scan_keys(self, value: Mapping[str, Any], path: Path, kind: Kind, key: str) -> None:
        used = self._scan_joined(value, path, kind, key)
        for name, item in value.items():
            if item is None or name in key_hints.BOOKKEEPING or name in used or key_hints.is_prose(value, name):
                continue
            inner = str(name)
            place = (*path, inner)
            if isinstance(item, str):
                plain = key_hints.SELECTOR.sub("", item) if name in key_hints.QUERIES else item
                self._scan_field(plain, place, kind, inner, key)
            elif isinstance(item, dict | list) and item and not key_hints.are_labels(inner, item):
                is_annotation = inner == "annotations" and kind is not Kind.CONFIGMAP
                self.scan_value(item, place, Kind.ANNOTATION if is_annotation else kind, inner)
            if "/" in inner and (":" in inner or "@" in inner):
                self.scan_text(inner, place, kind, "")

    def _scan_joined(self, value: Mapping[str, Any], path: Path, kind: Kind, key: str) -> tuple[str, ...]:
        """Find references that several values make together; return the keys that need no further scan."""
        used: tuple[str, ...] = ()
        if not parts.TRIGGERS.isdisjoint(value) and (joined := parts.join_parts(value, key)):
            self.add(joined.found, (*path, joined.key), kind)
            used = joined.keys
            for other in parts.other_variants(value, joined):
                self.add(other.found, (*path, *other.keys), kind)
        if isinstance(value.get("name"), str):
            used = (*used, *self._scan_named(value, path, kind))
        if _has_variables(value):
            given = {str(k): v for k, v in value.items() if isinstance(v, str)}
            used = (*used, *self._scan_pairs(given, {name: (*path, name) for name in given}, kind))
        return used

    def _scan_named(self, value: Mapping[str, Any], path: Path, kind: Kind) -> tuple[str, ...]:
        """Scan a value whose `name` tells what it is: an environment variable, or an ImageStream's source."""
        name, given = value["name"], value.get("value")
        if value.get("kind") == "DockerImage":
            self._exact(name, (*path, "name"), kind, Certainty.LIKELY)
            return ("name",)
        if not isinstance(given, str):
            return ()
        place = (*path, "value")
        if key_hints.is_image(name):
            self._exact(given, place, kind, Certainty.LIKELY)
        else:
            self.scan_text(given, place, kind, name)
            if key_hints.IMAGES.fullmatch(name):
                self._listed(given, place, kind)
        return ("name", "value")

    def _scan_field(self, item: str, path: Path, kind: Kind, name: str, parent: str) -> None:
        """Scan one string of a mapping."""
        if name == "image" and len(path) > 2 and path[-3] in key_hints.CONTAINERS:  # noqa: PLR2004  list, number, field
            self._required(item, path, kind)
        elif name == "image" and self.shared and BARE.fullmatch(item) and (found := self.shared.join(item)):
            self.add(found, path, kind)
        elif _is_nested(name, parent, item) or key_hints.is_image(name) or _is_reference(name, parent):
            self._exact(item, path, kind, Certainty.POSSIBLE)
        else:
            self.scan_text(item, path, kind, name)

    def _required(self, item: str, path: Path, kind: Kind) -> None:
        """Scan the image of a container, which must name one."""
        known = len(self.references)
        self._exact(item, path, kind, Certainty.CERTAIN)
        if item and len(self.references) == known:
            self._open(item, path)

    def _open(self, item: str, path: Path) -> None:
        found = UnresolvedImage(item, path)
        if found not in self.unresolved:
            self.unresolved.append(found)

    def scan_list(self, value: list[Any], path: Path, kind: Kind, key: str) -> None:
        """Scan a list: arguments, environment variables, or any other values."""
        if key in key_hints.COMMANDS:
            words = [item if isinstance(item, str) else "" for item in value]
            self._scan_arguments(words, path, _plain(kind, Kind.ARGUMENT))
        if key == "env":
            kind = _plain(kind, Kind.ENVIRONMENT)
            value = self._scan_environment(value, path, kind)
        for number, item in enumerate(value):
            place = (*path, number)
            if not isinstance(item, str):
                self.scan_value(item, place, kind, key)
            elif key not in key_hints.COMMANDS:
                if key_hints.IMAGES.fullmatch(key) and exact.MARK.search(item):
                    self._exact(item.rpartition("=")[2], place, kind, Certainty.LIKELY)
                else:
                    self.scan_text(item, place, kind, key)

    def _scan_environment(self, value: list[Any], path: Path, kind: Kind) -> list[Any]:
        """Find references that variables make together; return the list without those variables."""
        named = {item["name"]: (number, item["value"]) for number, item in enumerate(value) if _is_variable(item)}
        places = {name: (*path, number, "value") for name, (number, _) in named.items()}
        used = {named[name][0] for name in self._scan_pairs({n: v for n, (_, v) in named.items()}, places, kind)}
        return [None if number in used else item for number, item in enumerate(value)]

    def _scan_arguments(self, words: list[str], path: Path, kind: Kind) -> None:
        given = options(words)
        places = {name: (*path, number) for name, (number, _) in given.items()}
        used = {given[name][0] for name in self._scan_pairs({n: v for n, (_, v) in given.items()}, places, kind)}
        for argument in arguments(words):
            place = (*path, argument.number)
            if argument.bare is not None and argument.number not in used:
                self._exact(argument.text, place, kind, argument.bare, tagless=argument.tagless)
            elif argument.number not in used:
                self.scan_text(argument.text, place, kind, "")
            if argument.many:
                self._listed(argument.text, place, kind)
        if words and words[0].rpartition("/")[2] in command_lines.PROGRAMS:
            for found in command_lines.references(" ".join(words)):
                self.add(found, path, kind)

    def scan_text(self, value: str, path: Path, kind: Kind, key: str) -> None:
        """Scan a string as a document if it is one, otherwise as text."""
        if len(value) < SHORTEST or ("/" not in value and " " not in value and "image" not in value.lower()):
            return
        if (value[0] in "{[" or "\n" in value) and (found := nested.parse_document(key, value)):
            form, data = found
            self.documents.append(data)
            self.scan_value(data, (*path, InsideDocument(form)), kind, key)
            return
        for reference in text.references(_without_comments(value)):
            self.add(reference, path, _plain(kind, Kind.TEXT))

    def _exact(self, value: str, path: Path, kind: Kind, bare: Certainty, *, tagless: bool = False) -> None:
        if found := exact.whole_reference(value, bare, tagless=tagless):
            self.add(found, path, kind)
        else:
            known = len(self.references)
            self.scan_text(value, path, kind, str(path[-1]))
            if len(self.references) == known and exact.is_open(value) and kind in FIELDS:
                self._open(value, path)

    def _listed(self, value: str, path: Path, kind: Kind) -> None:
        for found in exact.listed_references(value):
            self.add(found, path, kind)

    def _scan_pairs(self, given: Mapping[str, str], places: Mapping[str, Path], kind: Kind) -> list[str]:
        """Add references that variables make together; return the variables that need no further scan."""
        found = list(variables.image_pairs(given))
        for name, one in found:
            self.add(one, places[name], kind)
        return [name for name, _ in found]


def _is_reference(name: str, parent: str) -> bool:
    return name in key_hints.REFERENCE and parent == "image"


def _is_nested(name: str, parent: str, item: str) -> bool:
    """Return whether a string is an image because of the key of its mapping: ``image: {name: a/b:1}``."""
    if key_hints.IMAGES.fullmatch(parent) and name not in parts.REGISTRY + parts.REPOSITORY:
        return (name == "name" and parent == "images") or bool(exact.MARK.search(item))
    return name in key_hints.NESTED and key_hints.is_image(parent) and bool(exact.TAGGED.search(item))


def _has_variables(value: Iterable[Any]) -> bool:
    return any(isinstance(key, str) and key.endswith(variables.TRIGGERS) for key in value)


def _plain(kind: Kind, place: Kind) -> Kind:
    """Return the kind of a place in a built-in object; elsewhere, keep the kind of the surrounding object."""
    return place if kind is Kind.FIELD else kind


def _is_variable(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("name"), str) and isinstance(value.get("value"), str)


def _without_comments(value: str) -> str:
    return re.sub(r"(?m)(?:^|\s)#.*$", "", value) if "#" in value and "\n" in value else value
