"""Order of the layers, from stacks/layers.py, and of the components inside a layer."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter

from bedplate.config.catalog import Catalog
from bedplate.core import paths
from bedplate.core.errors import InputError, SourceLocation

NOT_ON_THE_CLUSTER = ("bundle", "hosts")


def layer_names() -> tuple[str, ...]:
    """Return the cluster's layers in order.

    The file is parsed, not run: a diff reads it from other revisions.
    """
    path = paths.source_tree() / "stacks" / "layers.py"
    for statement in ast.parse(path.read_text()).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="LAYERS")], value=value):
                return tuple(ast.literal_eval(value))
    raise InputError(
        "stacks/layers.py", "has no list LAYERS", "define LAYERS as a literal list of names", SourceLocation(str(path))
    )


def ordered_components(catalog: Catalog, layer: str) -> list[str]:
    """Return a layer's components in the release's order, but each after those that it requires."""
    names = [name for name, component in catalog.components.items() if component.layer == layer]
    known = (*NOT_ON_THE_CLUSTER, *layer_names())
    for name in names:
        for other in catalog.components[name].requires:
            if other not in catalog.components:
                raise _error(catalog, name, f"requires {other}, which is not in the release")
            if known.index(catalog.components[other].layer) > known.index(layer):
                raise _error(catalog, name, f"requires {other}, which is in a later layer than {layer}")
    sorter = TopologicalSorter({name: set(catalog.components[name].requires) & set(names) for name in names})
    try:
        return _stable(sorter, names)
    except CycleError as error:
        raise _error(catalog, error.args[1][0], "requires itself: " + " → ".join(error.args[1])) from error


def check_layers(catalog: Catalog) -> None:
    """Raise InputError if a component names a layer that does not exist."""
    known = (*NOT_ON_THE_CLUSTER, *layer_names())
    for name, component in catalog.components.items():
        if component.layer not in known:
            raise _error(
                catalog, name, f"names layer {component.layer}, which does not exist; layers: {', '.join(known)}"
            )


def _stable(sorter: TopologicalSorter[str], names: list[str]) -> list[str]:
    """Return the topological order that otherwise keeps the order of ``names``."""
    sorter.prepare()
    ordered: list[str] = []
    ready: set[str] = set()
    while sorter.is_active():
        ready.update(sorter.get_ready())
        first = min(ready, key=names.index)
        ready.remove(first)
        ordered.append(first)
        sorter.done(first)
    return ordered


def _error(catalog: Catalog, name: str, fact: str) -> InputError:
    hint = "correct `layer` or `requires`"
    return InputError(f"component {name}", fact, hint, SourceLocation(str(catalog.folders[name] / "component.yaml")))
