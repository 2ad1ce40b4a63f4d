"""Values of Secrets in any place: no format prints them, but every format reports that they changed."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from bedplate import cli

FORMATS = ("text", "markdown", "html", "json", "sarif", "junit")
VALUES = ("correct-horse", "battery-staple")


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _secret(value: str, **annotations: str) -> dict[str, Any]:
    metadata = {"name": "login", "namespace": "shop", "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"password": value}}


def _map(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "seed", "namespace": "shop"}, **fields}


def _annotated(key: str, value: str, text: str) -> dict[str, Any]:
    return _secret(value, **{key: text})


PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "the value itself": _secret,
    "kubectl's copy": lambda v: _annotated(
        "kubectl.kubernetes.io/last-applied-configuration", v, json.dumps(_secret(v))
    ),
    "kapp's copy": lambda v: _annotated("kapp.k14s.io/original", v, json.dumps(_secret(v))),
    "Rancher's packed copy": lambda v: _annotated(
        "objectset.rio.cattle.io/applied", v, base64.b64encode(gzip.compress(json.dumps(_secret(v)).encode())).decode()
    ),
    "another tool's copy": lambda v: _annotated("example.org/was", v, json.dumps({"password": v})),
    "an annotation that quotes it": lambda v: _secret(v, **{"example.org/note": f"password is {v}"}),
    "an annotation that quotes its base64": lambda v: {
        **_secret(v, **{"example.org/note": f"password is {_encoded(v)}"}),
        "stringData": {},
        "data": {"password": _encoded(v)},
    },
    "YAML in a ConfigMap": lambda v: _map(data={"seed.yaml": yaml.safe_dump(_secret(v))}),
    "JSON in a ConfigMap": lambda v: _map(data={"seed": json.dumps(_secret(v))}),
    "several documents": lambda v: _map(
        data={"all": f"---\n{yaml.safe_dump(_map())}---\n{yaml.safe_dump(_secret(v))}"}
    ),
    "JSON in JSON": lambda v: _map(data={"seed": json.dumps({"manifest": json.dumps(_secret(v))})}),
    "the API server's own list": lambda v: _map(
        data={"all": json.dumps({"kind": "SecretList", "items": [{"metadata": {"name": "a"}, "stringData": {"b": v}}]})}
    ),
    "a script": lambda v: _map(data={"run.sh": f"kubectl apply -f - <<E\n{yaml.safe_dump(_secret(v))}E\n"}),
    "base64 in a ConfigMap": lambda v: _map(binaryData={"seed.yaml": _encoded(yaml.safe_dump(_secret(v)))}),
    "a List in an annotation": lambda v: {
        **_map(),
        "metadata": {
            "name": "seed",
            "annotations": {"x.y/applied": json.dumps({"kind": "List", "items": [_secret(v)]})},
        },
    },
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", FORMATS)
def test_no_value_is_printed(tmp_path: Path, place: str, form: str) -> None:
    """An addition, a change and a removal are reported, without the values or their base64."""
    old, new = ([PLACES[place](value)] for value in VALUES)
    for number, (one, other) in enumerate(((old, new), ([], new), (old, []))):
        files = [tmp_path / f"{number}-{name}.yaml" for name in ("old", "new")]
        for file, objects in zip(files, (one, other), strict=True):
            file.write_text(yaml.safe_dump_all([_map(metadata={"name": "other"}), *objects]))
        done = CliRunner().invoke(cli.build(["diff"]), ["diff", *map(str, files), "--output", form])
        assert done.exit_code == 1, done.output
        assert form == "sarif" or "login" in done.stdout or "seed" in done.stdout
        assert [text for value in VALUES for text in (value, _encoded(value)[:-4]) if text in done.stdout] == []


def test_other_fields_next_to_hidden_values_are_compared(tmp_path: Path) -> None:
    """In a document with a Secret, everything but the values is compared, path by path."""
    files = []
    for owner, value in zip(("ada", "bob"), VALUES, strict=True):
        seed = {"kind": "List", "apiVersion": "v1", "items": [_secret(value, owner=owner)]}
        files.append(tmp_path / f"{owner}.yaml")
        files[-1].write_text(yaml.safe_dump(_map(data={"seed.json": json.dumps(seed)})))
    done = CliRunner().invoke(cli.build(["diff"]), ["diff", *map(str, files), "--output", "text"])
    assert "ada" in done.stdout
    assert "bob" in done.stdout
    assert "hidden" in done.stdout
