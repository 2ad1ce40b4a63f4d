"""Objects and HostSpecs of environments, rendered by both trees without anything from an earlier rendering."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from same_output.caches import without_rendered
from same_output.changes import by_name
from same_output.declared import refused as refused_by_new
from same_output.environments import ComparedEnvironment, broken, whole
from same_output.report_table import Report
from same_output.source_tree import Answer, Tree

WAYS: Mapping[str, tuple[str, ...]] = {"objects": (), "HostSpecs": ("--hosts",)}
INPUT = 2
"""Exit code where input is at fault."""


def compare(old: Tree, new: Tree, report: Report) -> None:
    """Render every environment with both trees and compare what comes out."""
    caches = {tree.name: without_rendered(tree) for tree in (old, new)}
    for environment in whole(old, new):
        for what, words in WAYS.items():
            sides = [_render(tree, environment, caches, words) for tree in (old, new)]
            report.add(f"{what}: {environment.name}", *_compared(sides))
    _compare_broken(old, new, caches, report)


def _compare_broken(old: Tree, new: Tree, caches: dict[str, Path], report: Report) -> None:
    """Compare the environments with an error each: both trees refuse one, or both render the same."""
    refused, lines, differences, declared = 0, 0, [], refused_by_new()
    for environment in broken(old):
        sides = [_render(tree, environment, caches, ()) for tree in (old, new)]
        if sides[0].code and sides[0].code == sides[1].code:
            refused += 1
        elif environment.name in declared and not sides[0].code and sides[1].code == INPUT:
            report.note(f"declared: environment {environment.name} is refused. {declared[environment.name]}")
        else:
            compared, found = _compared(sides)
            lines += compared
            differences += [f"{environment.name}: {text}" for text in found]
    report.add("environments with an error, refused by both", refused, [])
    report.add("objects: environments with an error that both render", lines, differences)


def _render(tree: Tree, environment: ComparedEnvironment, caches: dict[str, Path], words: tuple[str, ...]) -> Answer:
    folder = environment.write(tree)
    return tree.run("render", folder, *words, env={"BEDPLATE_CACHE": str(caches[tree.name])})


def _compared(sides: list[Answer]) -> tuple[int, list[str]]:
    failed = [f"{name} tree: {one.said}" for name, one in zip(("old", "new"), sides, strict=True) if one.code]
    if failed:
        return 0, failed
    old, new = (dict(map(_named, one.out.splitlines())) for one in sides)
    return len(old), list(by_name(old, new))


def _named(line: bytes) -> tuple[str, Any]:
    value = json.loads(line)
    if "object" not in value:
        return f"host {value['host']}", value
    found = value["object"]
    names = found["metadata"].get("namespace", ""), found["metadata"].get("name", "")
    return " ".join([value["component"], found["apiVersion"], found["kind"], "/".join(names)]), value
