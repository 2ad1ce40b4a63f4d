"""Runs flux-local's diff on pairs of YAML files; prints a JSON line for each hunk.

It runs in a separate environment. The code here replaces flux-local's walk through a repository: it reads and writes
the objects as ObjectOutput does (flux_local/visitor.py).
"""

import json
import re
import sys
from pathlib import Path

import yaml
from flux_local.resource_diff import perform_object_diff
from flux_local.visitor import ObjectOutput, ResourceKey, strip_resource_attributes

WHOLE = ResourceKey(kind="Kustomization", kustomization_path="", namespace="flux-system", name="all")
NAMES = re.compile(r"^(?:---|\+\+\+) .*? (?P<kind>[A-Z]\w*): (?P<name>\S+)\s*$")


def output(path: str) -> ObjectOutput:
    """Return a file's objects as lines of YAML, by key."""
    made = ObjectOutput(None)
    contents = {}
    for one in yaml.load_all(Path(path).read_bytes(), yaml.CSafeLoader):
        if one:
            strip_resource_attributes(one, made.strip_attributes)
            meta = one["metadata"]
            key = ResourceKey(
                kind=one["kind"], kustomization_path="", namespace=meta.get("namespace"), name=meta["name"]
            )
            contents[key] = ["---", *yaml.dump(one, sort_keys=False).split("\n")]
    made.content[WHOLE] = contents
    return made


def hunks(lines: list[str]) -> None:
    """Print each hunk with its object."""
    kind = name = ""
    hunk: list[str] = []
    for line in [*lines, "@@"]:
        found = NAMES.match(line)
        if (line.startswith("@@") or found) and hunk:
            print(json.dumps([kind, name, "\n".join(hunk)]))
            hunk = []
        if found:
            kind, name = found["kind"], found["name"].rpartition("/")[2]
        elif line.startswith(("+", "-")):
            hunk.append(line)


for before, after in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
    print("pair")
    hunks(list(perform_object_diff(output(before), output(after), 6, 0)))
