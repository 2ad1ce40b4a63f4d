"""Generates data/kubernetes.json: what comparing needs from Kubernetes' OpenAPI and Go types, as one small file.

To generate it again, after raising VERSION or editing data/semantics.yaml::

    go mod download -json k8s.io/kubernetes@v1.34.3     # and, at v0.34.3, MODULES below
    PYTHONPATH=installer python -m bedplate.diff.compare.generate_schema "$(go env GOMODCACHE)"

It keeps references, list types and keys, quantities and defaults of each definition. Only the Go types say whether an
absent number, text or boolean is the same as zero: a field that is not a pointer cannot distinguish them
(https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md, Optional vs. Required).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from bedplate.core.files import write_atomic

VERSION = "1.34.3"
LIBRARY = "v0" + VERSION.removeprefix("1")
MODULES = {
    "io.k8s.api.": f"api@{LIBRARY}",
    "io.k8s.apimachinery.pkg.apis.": f"apimachinery@{LIBRARY}/pkg/apis",
    "io.k8s.apiextensions-apiserver.pkg.apis.": f"apiextensions-apiserver@{LIBRARY}/pkg/apis",
    "io.k8s.kube-aggregator.pkg.apis.": f"kube-aggregator@{LIBRARY}/pkg/apis",
}
"""Prefix of definitions to the Go module with their types."""
DATA = Path(__file__).parent / "data"
FILE = DATA / "kubernetes.json"
SEMANTICS = DATA / "semantics.yaml"

Definition = dict[str, Any]

_REFERENCE = "#/components/schemas/"
_SCHEMA = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_ALIASES = {f"{_SCHEMA}Or{other}": _SCHEMA for other in ("Array", "Bool", "StringArray")}
"""Definitions that are a schema or something else; comparing can treat them as a schema."""
_KEPT = ("default", "x-kubernetes-list-type", "x-kubernetes-list-map-keys")
_ZERO = {"string": "", "integer": 0, "number": 0, "boolean": False}
_STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r'^\s+(?:(\w+)\s+)?(\S+)\s+`[^`]*json:"([^",]*)([^"]*)"', re.MULTILINE)


def generate(cache: Path) -> str:
    """Return the data file's text, from the folder of Go's module cache."""
    definitions = dict(_definitions(cache / f"k8s.io/kubernetes@v{VERSION}/api/openapi-spec/v3"))
    plain = _plain_fields(cache / "k8s.io")
    kept = {name: _kept(definition, plain.get(name, set())) for name, definition in sorted(definitions.items())}
    _add_semantics(kept, yaml.safe_load(SEMANTICS.read_text()))
    kinds = {key: name for name, definition in definitions.items() for key in _kinds(definition)}
    lines = [
        f"{json.dumps(name)}:{json.dumps(one, separators=(',', ':'), sort_keys=True)}" for name, one in kept.items()
    ]
    head = json.dumps({"version": VERSION, "kinds": dict(sorted(kinds.items()))}, separators=(",", ":"))
    return head[:-1] + ',"types":{\n' + ",\n".join(lines) + "\n}}\n"


def _definitions(folder: Path) -> Iterator[tuple[str, Definition]]:
    for path in sorted(folder.glob("*_openapi.json")):
        yield from json.loads(path.read_bytes()).get("components", {}).get("schemas", {}).items()


def _kinds(definition: Definition) -> Iterator[str]:
    for kind in definition.get("x-kubernetes-group-version-kind", ()):
        if "metadata" in definition.get("properties", {}) and not kind["kind"].endswith("List"):
            yield f"{kind['group']}/{kind['version']}/{kind['kind']}"


def _kept(definition: Definition, plain: set[str]) -> Definition:
    """Return the parts of a definition's properties that comparing needs."""
    properties = {}
    for name, field in definition.get("properties", {}).items():
        one = _field(field)
        if name in plain and field.get("type") in _ZERO:
            one.setdefault("default", _ZERO[field["type"]])
        properties[name] = one
    return properties


def _field(field: Definition) -> Definition:
    if "allOf" in field:
        field = field | field["allOf"][0]
    reference = field.get("$ref", "").removeprefix(_REFERENCE)
    if reference == _QUANTITY:
        return {"format": "quantity"}
    one: Definition = {key: field[key] for key in _KEPT if key in field}
    if reference:
        one["$ref"] = _ALIASES.get(reference, reference)
    for inner in ("items", "additionalProperties"):
        if inner in field:
            one[inner] = _field(field[inner]) if isinstance(field[inner], dict) else {}
            one[inner].pop("default", None)
    if field.get("type") == "object" and not reference:
        one.setdefault("additionalProperties", {})
    return one


def _plain_fields(root: Path) -> dict[str, set[str]]:
    """Return, for each definition, the fields that are not pointers in Go: for them, absent and zero are the same."""
    plain = {}
    for prefix, place in MODULES.items():
        for file in sorted((root / place).glob("*/v*/types.go")) + sorted((root / place).glob("*/v*/types_*.go")):
            structs = dict(_STRUCT.findall(file.read_text()))
            group, version = file.parts[-3:-1]
            for name in structs:
                plain[f"{prefix}{group}.{version}.{name}"] = set(_plain(structs, name))
    return plain


def _plain(structs: dict[str, str], name: str) -> Iterator[str]:
    for _, kind, field, options in _FIELD.findall(structs.get(name, "")):
        if "inline" in options:
            yield from _plain(structs, kind)
        elif not kind.startswith("*"):
            yield field


def _add_semantics(types: dict[str, Definition], rows: list[dict[str, Any]]) -> None:
    """Apply the hand-written rows to the generated definitions; a row that matches nothing is an error."""
    for row in rows:
        found = [name for name in types if any(fnmatchcase(name, f"io.k8s.{pattern}") for pattern in row["types"])]
        if not found:
            raise ValueError(f"{SEMANTICS}: {row['types']} matches no definition")
        for name in found:
            for field, value in row.get("defaults", {}).items():
                types[name][field]["default"] = value
            for field, value in row.get("lists", {}).items():
                types[name][field] |= {f"x-kubernetes-{key}": item for key, item in value.items()}


if __name__ == "__main__":
    write_atomic(FILE, generate(Path(sys.argv[1])).encode())
