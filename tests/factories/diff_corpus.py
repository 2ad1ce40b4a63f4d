"""The corpus of planted changes for tests of the diff: objects.yaml, hosts.yaml, and cases that edit them.

A case in tests/data/diff/corpus/*.yaml has these keys; paths are written as the diff shows them.

- name, why: what is planted, and why Kubernetes treats it so.
- in: the object its edits are about (`Deployment/web`, or with its namespace before the name).
- put: path to value; a new element is appended. drop: paths. turn: paths of lists to reverse.
- text: old to new text in the object's YAML, for edits that parsing would lose. also: more edits, each with its `in`.
- add: whole objects. gone: objects to remove. call: object to new name. given: edits of both snapshots, made first.
- before, after: the objects of two whole snapshots, which are then not made from the base; `changes` is needed.
- notes: part of each note on how the snapshots were compared.
- snapshots: more about the old and the new snapshot: kubernetes, release.
- changes: what compare must report; by default, what put, drop, add, gone and call say.
- findings: rule to path, or to `{of: subject, at: path, says: part of its message}`, or a list of these.
- images, quotas, drains, reboots: what the effects must contain.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml

from factories import DATA

FOLDER = DATA / "diff" / "corpus"
STEP = re.compile(r'"((?:[^"\\]|\\.)*)"|\[([^\]]*)\]|([^.\["]+)')
KEYS = {"in", "put", "drop", "turn", "text", "also", "add", "gone", "call"}
BASES = ("objects", "hosts")
HOST = "host"
DEFAULTS = {"protocol": "TCP"}
"""The default key of a list element."""

Json = dict[str, Any]


@dataclass
class State:
    """One snapshot of a case: objects by alias, and replacements for parts of their YAML."""

    objects: dict[Any, Json]
    texts: dict[str, dict[str, str]] = field(default_factory=dict)

    def written(self) -> list[str]:
        """Return each object as YAML."""
        return [self._text(alias, manifest) for alias, manifest in self.objects.items() if HOST not in manifest]

    def hosts(self) -> str:
        """Return the hosts as `bedplate render --hosts` writes them."""
        hosts = [manifest for manifest in self.objects.values() if HOST in manifest]
        return "".join(f"{json.dumps(manifest, sort_keys=True, separators=(',', ':'))}\n" for manifest in hosts)

    def _text(self, alias: str, manifest: Json) -> str:
        text = _dumped(alias, manifest)
        for old, new in self.texts.get(alias, {}).items():
            if old not in text:
                raise ValueError(f"{alias} does not contain {old!r}")
            text = text.replace(old, new)
        return text


@dataclass
class Case:
    """One case of the corpus, ready to be compared."""

    theme: str
    spec: Json
    old: State
    new: State
    planted: list[tuple[str, str, str]] = field(default_factory=list)
    """Action, identity and path of each edit that has one."""
    values: dict[tuple[str, str], Any] = field(default_factory=dict)
    """The values that were set, by identity and path."""
    subjects: set[str] = field(default_factory=set)
    """The objects that were edited."""

    @property
    def name(self) -> str:
        """Return the id of the case."""
        return f"{self.theme}: {self.spec['name']}"

    def yaml(self) -> tuple[str, str]:
        """Return both snapshots as files of many documents."""
        return "---\n".join(self.old.written()), "---\n".join(self.new.written())

    def edits(self) -> Iterator[Json]:
        """Yield the groups of edits of the new snapshot."""
        yield self.spec
        yield from self.spec.get("also", [])


class Block(yaml.CSafeDumper):
    """A YAML dumper that writes multi-line texts as people do."""


def _text(dumper: Block, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


Block.add_representer(str, _text)

_KNOWN: dict[int, tuple[Json, str]] = {}


def _dumped(alias: str, manifest: Json) -> str:
    """Return an object as YAML; cached, because most cases leave most objects unchanged."""
    known = _KNOWN.get(id(manifest))
    if known is None or known[0] is not manifest:
        known = manifest, yaml.dump(manifest, Dumper=Block, sort_keys=False, width=2**20)
        if manifest is datacenter().get(alias):
            _KNOWN[id(manifest)] = known
    return known[1]


@cache
def datacenter() -> dict[str, Json]:
    """Return the objects by alias: kind and name, with the namespace in front if the alias would not be unique."""
    objects = [
        manifest for manifest in yaml.load_all((FOLDER / "objects.yaml").read_bytes(), yaml.CSafeLoader) if manifest
    ]
    hosts = yaml.load((FOLDER / "hosts.yaml").read_bytes(), yaml.CSafeLoader)
    return {_alias(manifest, objects): manifest for manifest in objects} | {
        f"{HOST}/{manifest[HOST]}": manifest for manifest in hosts
    }


def _alias(manifest: Json, objects: list[Json]) -> str:
    kind, name = manifest["kind"], manifest["metadata"]["name"]
    same = [other for other in objects if (other["kind"], other["metadata"]["name"]) == (kind, name)]
    return f"{kind}/{name}" if len(same) < 2 else f"{kind}/{manifest['metadata'].get('namespace', '-')}/{name}"


def identity(manifest: Json) -> str:
    """Return an object's identity as the diff writes it; a host's is its name."""
    if HOST in manifest:
        return str(manifest[HOST])
    group = manifest["apiVersion"].rpartition("/")[0] or "core"
    return "/".join(
        (group, manifest["kind"], manifest["metadata"].get("namespace") or "-", manifest["metadata"]["name"])
    )


@cache
def cases() -> list[Case]:
    """Return all cases, by file."""
    return [
        _described(path.stem, spec)
        for path in sorted(FOLDER.glob("*.yaml"))
        if path.stem not in BASES
        for spec in yaml.load(path.read_bytes(), yaml.CSafeLoader)
    ]


def _described(theme: str, spec: Json) -> Case:
    try:
        return _case(theme, spec)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{theme}: {spec['name']}: {error}") from error


def _case(theme: str, spec: Json) -> Case:
    if "before" in spec:
        return Case(theme, spec, State(dict(enumerate(spec["before"]))), State(dict(enumerate(spec["after"]))))
    old = State(dict(datacenter()))
    for group in spec.get("given", []):
        _edit(group, old)
    case = Case(theme, spec, old, State(dict(old.objects)))
    for group in case.edits():
        _edit(group, case.new, case)
    return case


def _edit(group: Json, state: State, case: Case | None = None) -> None:
    """Apply and record the edits of one group."""
    for manifest in group.get("add", []):
        alias = f"{HOST}/{manifest[HOST]}" if HOST in manifest else f"{manifest['kind']}/{manifest['metadata']['name']}"
        state.objects[alias if alias not in state.objects else f"{alias}+"] = manifest
        _note(case, "added", manifest, "")
    for alias in group.get("gone", []):
        _note(case, "removed", state.objects.pop(alias), "")
    for alias, name in group.get("call", {}).items():
        state.objects[alias] = manifest = copy.deepcopy(state.objects[alias])
        manifest["metadata"]["name"] = name
        _note(case, "renamed", manifest, "")
    if "in" in group:
        alias = group["in"]
        state.objects[alias] = copy.deepcopy(state.objects[alias])
        state.texts[alias] = group.get("text", {})
        if case:
            case.subjects.add(identity(state.objects[alias]))
        _edit_one(group, state.objects[alias], case)


def _edit_one(group: Json, manifest: Json, case: Case | None) -> None:
    for path, value in group.get("put", {}).items():
        had = put(manifest, path, copy.deepcopy(value))
        _note(case, "changed" if had else "added", manifest, path)
        if case:
            case.values[identity(manifest), path] = value
    for path in group.get("drop", []):
        drop(manifest, path)
        _note(case, "removed", manifest, path)
    for path in group.get("turn", []):
        found = at(manifest, path)
        if len(found) < 2:
            raise ValueError(f"{path} has no order")
        found.reverse()


def _note(case: Case | None, action: str, manifest: Json, path: str) -> None:
    if case:
        case.planted.append((action, identity(manifest), path))
        case.subjects.add(identity(manifest))


Step = str | int | dict[str, str]


def steps(path: str) -> list[Step]:
    """Return a path's steps: keys, positions, and keys of elements (one without a name: the element itself)."""
    found: list[Step] = []
    for quoted, element, key in STEP.findall(path):
        if element.isdigit():
            found.append(int(element))
        elif element:
            pairs = (part.partition("=") for part in element.split(","))
            found.append({name: value for name, _, value in pairs} if "=" in element else {"": element})
        else:
            found.append(quoted or key)
    return found


def _index(items: list[Any], step: Step) -> int | None:
    if isinstance(step, int):
        return step if step < len(items) else None
    assert isinstance(step, dict)
    return next((index for index, item in enumerate(items) if _fits(item, step)), None)


def _fits(item: Any, step: dict[str, str]) -> bool:
    if "" in step:
        return str(item) == step[""]
    return isinstance(item, dict) and all(_word(item.get(key, DEFAULTS.get(key))) == v for key, v in step.items())


def _word(value: Any) -> str:
    return "|".join(sorted(map(str, value))) if isinstance(value, list) else str(value)


def at(value: Any, path: str) -> Any:
    """Return the value at a path."""
    return _follow(value, steps(path))


def _follow(value: Any, found: list[Step]) -> Any:
    for step in found:
        index = _index(value, step) if isinstance(value, list) else step
        value = value[index]
    return value


def put(value: Any, path: str, new: Any) -> bool:
    """Set the value at a path, and return whether there was one."""
    *before, last = steps(path)
    for step in before:
        if isinstance(value, dict) and isinstance(step, str):
            value.setdefault(step, {})
        value = _follow(value, [step])
    if isinstance(value, dict):
        had = last in value
        value[last] = new
        return had
    index = _index(value, last)
    if index is None:
        value.append(new)
        return False
    value[index] = new
    return True


def drop(value: Any, path: str) -> None:
    """Remove the value at a path."""
    *before, last = steps(path)
    parent = _follow(value, before)
    del parent[_index(parent, last) if isinstance(parent, list) else last]
