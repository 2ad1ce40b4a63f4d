"""The same few objects in every file format that can be read, for tests of readers."""

from __future__ import annotations

import json
from typing import Any

import yaml

from bedplate.core import digest
from bedplate.kube import secret_values

POD: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}}
JOB: dict[str, Any] = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"generateName": "run-"}}
SECRET: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "s", "annotations": {secret_values.LAST_APPLIED: '{"data":{"a":"aHVzaA=="}}'}},
    "data": {"a": "aHVzaA=="},
    "stringData": {"b": "hush", "c": {"secretRef": "db/password"}},
}
OBJECTS = [POD, JOB, SECRET]


def as_yaml(objects: list[dict[str, Any]]) -> str:
    """Return objects as documents of one YAML text."""
    return yaml.safe_dump_all(objects, explicit_start=True, sort_keys=False)


FORMS = {
    "many.yaml": as_yaml(OBJECTS),
    "comments.yml": f"# first\n---\n{as_yaml(OBJECTS)}---\n# last\n...\n",
    "windows.yaml": as_yaml(OBJECTS).replace("\n", "\r\n"),
    "mark.yaml": "\ufeff" + as_yaml(OBJECTS),
    "directive.yaml": f"%YAML 1.1\n{as_yaml(OBJECTS)}",
    "flow.yaml": "\n---\n".join(json.dumps(one) for one in OBJECTS),
    "many.json": "\n".join(json.dumps(one, indent=2) for one in OBJECTS),
    "lines.jsonl": "\n".join(json.dumps(one) for one in OBJECTS),
    "list.json": json.dumps({"apiVersion": "v1", "kind": "List", "items": OBJECTS}),
    "list.yaml": yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": OBJECTS}),
    "lists.yaml": as_yaml([{"apiVersion": "v1", "kind": "List", "items": [one]} for one in OBJECTS]),
    "typed.json": "\n".join(
        json.dumps(
            {"apiVersion": one["apiVersion"], "kind": f"{one['kind']}List", "items": [{**one, "kind": one["kind"]}]}
        )
        for one in OBJECTS
    ),
    "render.jsonl": "\n".join(
        digest.canonical({"component": "c", "layer": "l", "object": one}).decode() for one in OBJECTS
    ),
}
