"""The declarations of all source kinds: each kind's folder may have one, `artifacts/<kind>/<kind>_artifact.py`."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from importlib.util import find_spec

from bedplate import artifacts


def kind_names() -> list[str]:
    """Return the name of every source kind: the folders of this package, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(artifacts.__path__) if module.ispkg)


def load() -> None:
    """Import each kind's declaration, so that component.yaml may use it."""
    for kind in kind_names():
        if find_spec(f"{artifacts.__name__}.{kind}.{kind}_artifact"):
            import_module(f"{artifacts.__name__}.{kind}.{kind}_artifact")
