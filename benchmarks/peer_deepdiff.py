"""Runs deepdiff on pairs of YAML files, with objects matched by identity; prints a JSON line for each change.

It runs in a separate environment that has only deepdiff and PyYAML.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml
from deepdiff import DeepDiff

Objects = dict[tuple[str, str, Any, str], Any]


def objects(path: str) -> Objects:
    """Return a file's objects by identity."""
    found = [one for one in yaml.load_all(Path(path).read_bytes(), yaml.CSafeLoader) if one]
    return {
        (one["apiVersion"], one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]): one
        for one in found
    }


def differences(old: Objects, new: Objects) -> list[tuple[str, str, str]]:
    """Return kind, name and text of each difference."""
    lines = []
    for key in sorted(old.keys() | new.keys(), key=str):
        if key not in old or key not in new:
            one = old.get(key) or new.get(key)
            lines.append((key[1], key[3], f"{'added' if key in new else 'removed'} {json.dumps(one, default=str)}"))
        elif old[key] != new[key]:
            tree = DeepDiff(old[key], new[key], ignore_order=True, view="tree")
            lines += [
                (key[1], key[3], f"{kind} {level.path()} {level.t1!s} {level.t2!s}")
                for kind, levels in tree.items()
                for level in levels
            ]
    return lines


for before, after in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
    print("pair")
    for line in differences(objects(before), objects(after)):
        print(json.dumps(line))
