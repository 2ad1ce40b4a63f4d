"""The files of a new environment, for `bedplate init`; their comments are the descriptions in the models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic.fields import FieldInfo

from bedplate.config import catalog
from bedplate.config.base import Model
from bedplate.config.environment_file import Environment
from bedplate.config.environments import ENVIRONMENT, HOSTS
from bedplate.core.errors import InputError, SourceLocation
from bedplate.core.files import write_atomic

PUBLISHER = "ssh-ed25519 PASTE-THE-PUBLISHERS-KEY-HERE"
WIDTH = 110

HOSTS_TEXT = """\
# The hosts of {name}, in Ansible's YAML inventory format. Names, addresses and connections are
# only here; everything else is in environment.yaml. Check both files: bedplate check {name}
all:
  # vars: {{ansible_user: root, ansible_port: 22}}
  children:
    bastion:  # the one machine that runs the installer and serves the mirror
      hosts:
        bastion: {{ansible_host: 10.20.0.10}}
    control_plane:  # the API server and etcd: one machine
      hosts:
        cp1: {{ansible_host: 10.20.0.11}}
    workers:  # run users' workloads
      hosts:
        worker1: {{ansible_host: 10.20.0.12}}
"""


def write(folder: Path) -> list[Path]:
    """Write the files of a new environment; raise InputError if one already exists."""
    targets = [folder / ENVIRONMENT, folder / HOSTS]
    for target in targets:
        if target.exists():
            hint = "edit it, or choose another name; nothing was written"
            raise InputError("file", "already exists", hint, SourceLocation(str(target)))
    write_atomic(targets[0], environment_text(folder.name))
    write_atomic(targets[1], HOSTS_TEXT.format(name=folder.name))
    return targets


def environment_text(name: str) -> str:
    """Return a commented environment.yaml: required fields with values, the others as comments with their defaults."""
    head = f"# The environment {name}: one datacenter. Fields after '#' show their defaults.\n"
    head += "# All fields: docs/reference/environment.md. Check it: bedplate check " + name + "\n"
    return head + "\n".join(_lines(Environment, _values(name), 0)) + "\n"


def _values(name: str) -> dict[str, Any]:
    """Return the values of the fields that a new environment sets."""
    return {
        "name": name,
        "release": catalog.newest(),
        "domain": f"{name}.example.internal",
        "publisher": PUBLISHER,
        "bastion": {"host": "bastion"},
        "network": {"nodes": "10.20.0.0/24", "pods": "10.21.0.0/16", "services": "10.22.0.0/16"},
        "tenants": [
            {
                "name": "research",
                "owner": "research-office@example.internal",
                "groups": {"admins": ["research-leads"], "users": ["researchers"]},
                "namespaces": [{"name": "research"}],
            }
        ],
    }


def _lines(model: type[Model], values: dict[str, Any], depth: int) -> Iterator[str]:
    """Yield the lines of a mapping: each field after its comment. A field that is not set becomes a comment."""
    indent = "  " * depth
    for attribute, field in model.model_fields.items():
        name = field.alias or attribute
        if depth == 0:
            yield ""
        yield from (f"{indent}# {line}" for line in _wrapped(field.description or "", WIDTH - len(indent)))
        is_set = name in values
        for line in _field(name, field, values, depth):
            yield line if is_set else f"{indent}# {line.removeprefix(indent)}"


def _field(name: str, field: FieldInfo, values: dict[str, Any], depth: int) -> Iterator[str]:
    indent, value, inner = "  " * depth, values.get(name, _default(field)), field.annotation
    if isinstance(inner, type) and issubclass(inner, Model):
        yield f"{indent}{name}:"
        yield from _lines(inner, value, depth + 1)
    else:
        yield from (indent + line for line in _yaml({name: value}))


def _default(field: FieldInfo) -> Any:
    value = field.get_default(call_default_factory=True)
    items = value if isinstance(value, list) else [value]
    plain = [item.model_dump(by_alias=True, mode="json") if isinstance(item, Model) else item for item in items]
    return plain if isinstance(value, list) else plain[0]


def _yaml(value: dict[str, Any]) -> list[str]:
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=WIDTH)
    return text.splitlines()


def _wrapped(text: str, width: int) -> Iterator[str]:
    line = ""
    for word in text.split():
        if line and len(line) + len(word) + 1 > width:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    if line:
        yield line
