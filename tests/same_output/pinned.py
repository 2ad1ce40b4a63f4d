"""Recipes of packages and wheels as a tree's own code computes them from their pins: `python pinned.py LOCK`.

`bedplate lock` keeps these entries as they are, so it does not compute them again. This is the only program here that
imports a tree's modules. Runs with the PYTHONPATH of that tree and prints JSON: recipe by entry id.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

MODULES = {
    "deb": ("bedplate.artifacts.deb.deb_source", "bedplate.sources.deb"),
    "wheel": ("bedplate.artifacts.wheel.wheel_source", "bedplate.sources.wheel"),
}
"""Where each kind's entries are made, the newest name first."""
PACKAGE = ("version", "architecture", "sha256", "filename")


def main(lock: Path) -> dict[str, str]:
    """Return the recipe of every package and wheel in a lock."""
    modules = {kind: _module(names) for kind, names in MODULES.items()}
    entries = [entry for entry in json.loads(lock.read_bytes())["entries"] if entry["kind"] in MODULES]
    made = [_made(entry, modules[entry["kind"]]) for entry in entries]
    return {entry.id: entry.recipe for entry in made}


def _module(names: tuple[str, ...]) -> Any:
    for name in names:
        with suppress(ModuleNotFoundError):
            return import_module(name)
    raise SystemExit(f"none of {', '.join(names)} is in this tree: add the new name to {__file__}")


def _made(entry: dict[str, Any], module: Any) -> Any:
    pin, size = entry["pin"], entry["output"]["size"]
    types = list(get_type_hints(module.entry_of).values())  # classes by their place, as their names may change
    if entry["kind"] == "deb":
        fields = {name: pin[name] for name in PACKAGE}
        return module.entry_of(types[0](name=pin["package"], size=size, **fields))
    return module.entry_of(Path(pin["filename"]), types[1](sha256=pin["sha256"], size=size))


if __name__ == "__main__":
    json.dump(main(Path(sys.argv[1])), sys.stdout)
