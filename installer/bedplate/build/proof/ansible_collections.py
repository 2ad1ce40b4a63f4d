"""Check that every Ansible module of a role is ansible-core's own, or in a collection that is carried with the roles.

Source: https://docs.ansible.com/ansible/latest/dev_guide/collections_galaxy_meta.html (MANIFEST.json: dependencies).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from bedplate.core.errors import BedplateError, SourceLocation

CORE = ("ansible.builtin", "ansible.legacy")
MODULE = re.compile(r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*")
BLOCKS = ("block", "rescue", "always")
TASKS = ("tasks", "handlers")
ENDINGS = (".yml", ".yaml")


def check_collections(roles: Path) -> list[BedplateError]:
    """Return an error for each module that no carried collection has, and for each collection that lacks another.

    Args:
        roles: the folder of all roles; collections are in its folder ``ansible_collections``.
    """
    manifests = sorted(roles.glob("ansible_collections/*/*/MANIFEST.json"))
    infos = [json.loads(path.read_bytes())["collection_info"] for path in manifests]
    carried = {f"{info['namespace']}.{info['name']}": info["version"] for info in infos}
    errors = [error for info in infos for error in _of_collection(info, carried)]
    for file in sorted(path for path in roles.glob("*/*/*") if path.suffix in ENDINGS and path.parent.name in TASKS):
        errors += _of_tasks(file, carried)
    return errors


def _of_collection(info: dict[str, Any], carried: dict[str, str]) -> Iterator[BedplateError]:
    for name, versions in (info.get("dependencies") or {}).items():
        if name not in carried:
            fact = f"depends on {name} {versions}, which is not carried"
            yield BedplateError(
                f"collection {info['namespace']}.{info['name']}", fact, "add it to roles/ansible_collections/"
            )


def _of_tasks(file: Path, carried: dict[str, str]) -> Iterator[BedplateError]:
    location = SourceLocation(f"{file.parts[-4]}/{file.parts[-3]}/{file.parts[-2]}/{file.name}")
    for module in sorted(set(_modules(yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)))):
        collection = module.rpartition(".")[0]
        if collection not in CORE and collection not in carried:
            step = "carry its collection in roles/ansible_collections/, or use a module of ansible-core"
            yield BedplateError(f"module {module}", f"is of {collection}, which is not carried", step, location)


def _modules(tasks: Any) -> Iterator[str]:
    for task in tasks if isinstance(tasks, list) else ():
        yield from (key for key in task if isinstance(key, str) and MODULE.fullmatch(key))
        for block in BLOCKS:
            yield from _modules(task.get(block))
