"""Changes between two snapshots: objects, hosts and values that differ, with their paths."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bedplate.kube.object_id import ObjectId
from bedplate.kube.snapshot import Resource

if TYPE_CHECKING:  # see kube/snapshot.py
    from bedplate.config.host_spec import HostSpec


class Action(StrEnum):
    """What happens to a resource or to a value in it."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"


@dataclass(frozen=True, slots=True)
class ElementKey:
    """An element of a list, identified by its schema's keys: ``[name=web]``.

    In a set of plain values, an element is identified by its value: one field with an empty name, ``[get]``. The value
    of a field may be a tuple of texts: ``[apiGroups=apps,resources=deployments|daemonsets]``.
    """

    fields: tuple[tuple[str, Any], ...]

    def __str__(self) -> str:
        """Return it as it is written in a path."""
        parts = (
            (name, "|".join(map(_word, value)) if isinstance(value, tuple) else value) for name, value in self.fields
        )
        return f"[{','.join(f'{name}={value}' if name else _word(value) for name, value in parts)}]"


def _word(value: Any) -> str:
    return str(value) or '""'


@dataclass(frozen=True, slots=True)
class ListOrder:
    """The order of a list whose elements have keys and whose order still matters: init containers."""

    def __str__(self) -> str:
        """Return it as it is written in a path."""
        return "(order)"


@dataclass(frozen=True, slots=True)
class InsideDocument:
    """A step into a document inside a string: JSON, YAML or a certificate in a value of a ConfigMap."""

    form: str

    def __str__(self) -> str:
        """Return it as it is written in a path."""
        return f"({self.form})"


PathStep = str | int | ElementKey | InsideDocument | ListOrder
"""A key of a mapping, a position in a list, an element by its keys, a document in a string, the order of a list.

Positions are those of the old list, except the last step of an added element: its position in the new list.
"""
Path = tuple[PathStep, ...]


def path_text(path: Path) -> str:
    """Return a path as people read it: ``spec.containers[name=web].image``; keys with dots are quoted."""
    text = ""
    for step in path:
        match step:
            case str():
                key = f'"{step}"' if "." in step or not step else step
                text += f".{key}" if text else key
            case int():
                text += f"[{step}]"
            case _:
                text += str(step)
    return text


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs.

    Attributes:
        path: where in the object.
        action: added, removed or changed.
        old: the value before; None if added. Never a secret's value (see secret_values).
        new: the value after; None if removed.
        note: what else people should know: that only the formatting of a document differs, not its content.
        at: position in the new list of an added element with keys, if the order matters, too; else None.
        text: if the path steps into a document, the new text of the outermost one; used by patches, not shown.
    """

    path: Path
    action: Action
    old: Any = None
    new: Any = None
    note: str = ""
    at: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One object that differs.

    To the API server, a RENAMED object is removed and created again. Here it is one change that contains the changes
    of its content (all but metadata.name). An object that moved to another API group is CHANGED, at apiVersion.

    Attributes:
        action: what happens to it.
        old: before; None if added.
        new: after; None if removed.
        changes: the values that differ, by path; empty for added and removed objects.
    """

    action: Action
    old: Resource | None
    new: Resource | None
    changes: tuple[Change, ...] = ()

    @property
    def resource(self) -> Resource:
        """Return the object after the change, or before it if the object is removed."""
        resource = self.new or self.old
        if resource is None:
            raise ValueError("a change is about at least one object")
        return resource

    @property
    def identity(self) -> ObjectId:
        """Return the identity after, or before if the object is removed."""
        return self.resource.identity


@dataclass(frozen=True, slots=True)
class HostChange:
    """One host that differs; changes are paths into its HostSpec."""

    action: Action
    host: str
    old: HostSpec | None
    new: HostSpec | None
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that differs between two snapshots, sorted by identity."""

    objects: tuple[ObjectChange, ...] = ()
    hosts: tuple[HostChange, ...] = field(default=())
