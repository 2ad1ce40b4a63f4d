"""Changes: what differs between two sides, as facts without a judgement."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bedplate.diff.side import Thing
from bedplate.model.host import HostSpec
from bedplate.render.identity import Identity


class Action(StrEnum):
    """What happens to a thing or to a value in it."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"


@dataclass(frozen=True, slots=True)
class ByKey:
    """A list's element, told from the others by its schema's keys: ``[name=web]``."""

    fields: tuple[tuple[str, Any], ...]

    def __str__(self) -> str:
        """Return it as it is written in a path."""
        return f"[{','.join(f'{name}={value}' for name, value in self.fields)}]"


@dataclass(frozen=True, slots=True)
class Inside:
    """A step into a document that a string holds: JSON, YAML or a certificate in a ConfigMap's value."""

    form: str

    def __str__(self) -> str:
        """Return it as it is written in a path."""
        return f"({self.form})"


Step = str | int | ByKey | Inside
"""A key of a mapping, a position in a list whose order matters, an element by its keys, a document in a string."""
Path = tuple[Step, ...]


def shown(path: Path) -> str:
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
        old: the value before; None if added. Never a secret's value (see secret).
        new: the value after; None if removed.
    """

    path: Path
    action: Action
    old: Any = None
    new: Any = None


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One object that differs.

    Attributes:
        action: what happens to it.
        old: before; None if added.
        new: after; None if removed.
        changes: the values that differ, by path; empty for added and removed objects.
    """

    action: Action
    old: Thing | None
    new: Thing | None
    changes: tuple[Change, ...] = ()

    @property
    def thing(self) -> Thing:
        """Return the object as it is after, or was."""
        thing = self.new or self.old
        if thing is None:
            raise ValueError("a change is about at least one object")
        return thing

    @property
    def identity(self) -> Identity:
        """Return the identity after, or before if the object is removed."""
        return self.thing.identity


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
    """All that differs between two sides, sorted by identity."""

    objects: tuple[ObjectChange, ...] = ()
    hosts: tuple[HostChange, ...] = field(default=())
