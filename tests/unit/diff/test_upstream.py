"""Two real upstream releases compared: the report shows what a reviewer must see, in any order of the input."""

from __future__ import annotations

import gzip
import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from bedplate.core import digest
from bedplate.diff.compare import apply_changes, json_changes
from bedplate.diff.compare.compare_snapshots import compare
from bedplate.diff.diff_report import make_report
from bedplate.diff.input.read_snapshots import read_snapshot
from bedplate.diff.output import Format, show
from bedplate.diff.output.view import arrange
from bedplate.kube import object_id
from bedplate.kube.change import Changes
from bedplate.kube.snapshot import Resource, Snapshot
from factories import UPSTREAM, upstream

OLD, NEW = (UPSTREAM / f"gpu-operator-v{version}.yaml.gz" for version in ("26.3.3", "26.7.0"))


@pytest.fixture(scope="module", autouse=True)
def manifests() -> None:
    """Skip these tests, or fail them in CI, where the manifests are missing."""
    for path in (OLD, NEW):
        upstream(path.name)


@pytest.fixture(scope="module")
def markdown() -> str:
    """Return the comment of a pull request that upgrades to the newer release."""
    return compared(OLD, NEW, Format.MARKDOWN)


def compared(old: Path, new: Path, form: Format) -> str:
    """Return the diff without the names of the files."""
    return show(
        arrange(replace(make_report(read_snapshot(str(old)), read_snapshot(str(new))), old="old", new="new")), form
    )


@pytest.mark.parametrize("expected", [
    "nvcr.io/nvidia/driver: 580.126.20 → 595.91.07",
    "nvcr.io/nvidia/k8s-device-plugin: v0.19.3 → v0.20.0",
    "nvcr.io/nvidia/k8s/container-toolkit: v1.19.1 → v1.20.0",
    "nvcr.io/nvidia/k8s/dcgm-exporter: 4.5.3-4.8.2-distroless → 4.6.0-4.8.3-distroless",
    "registry.k8s.io/nfd/node-feature-discovery: v0.18.3 → v0.19.0",
    "apiGroups=resource.k8s.io",
    "validatingadmissionpolicies.admissionregistration.k8s.io",
    "get nodes/proxy",
    "<code>CustomResourceDefinition clusterpolicies.nvidia.com</code> changed",
    "<code>CustomResourceDefinition nvidiadrivers.nvidia.com</code> changed",
    "loads another driver on every GPU node",
])  # fmt: skip
def test_a_reviewer_sees(markdown: str, expected: str) -> None:
    """The report shows images with old and new tags, rights, and changed definitions."""
    assert expected in re.sub(r"&#(\d+);", lambda match: chr(int(match[1])), markdown)


def test_every_image_that_differs_is_named(markdown: str) -> None:
    """Every image:tag that is in only one of the releases is in the comment."""
    old, new = (set(re.findall(r"[\w.-]+\.(?:io|com)/[\w./-]+:[\w.-]+", _text(path))) for path in (OLD, NEW))
    for image in old ^ new:
        name, _, tag = image.rpartition(":")
        line = next((line for line in markdown.splitlines() if line.startswith(f"{name}: ")), "")
        assert tag in line, image


@pytest.mark.slow
@pytest.mark.parametrize("form", [Format.TEXT, Format.MARKDOWN, Format.HTML])
@pytest.mark.parametrize("seed", [1, 2])
def test_order_does_not_matter(tmp_path: Path, form: Format, seed: int) -> None:
    """Shuffling the documents and the keys of all mappings in both snapshots does not change one byte."""
    chance = random.Random(seed)  # noqa: S311  not a secret
    shuffled = [tmp_path / "old.yaml", tmp_path / "new.yaml"]
    for path, source in zip(shuffled, (OLD, NEW), strict=True):
        documents = [_shuffled(one, chance) for one in yaml.load_all(_text(source), Loader=yaml.CSafeLoader) if one]
        chance.shuffle(documents)
        path.write_text(yaml.dump_all(documents, Dumper=yaml.CSafeDumper, sort_keys=False))
    assert compared(shuffled[0], shuffled[1], form) == compared(OLD, NEW, form)


def _text(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode()


def _shuffled(value: Any, chance: random.Random) -> Any:
    match value:
        case dict():
            keys = list(value)
            chance.shuffle(keys)
            return {key: _shuffled(value[key], chance) for key in keys}
        case list():
            return [_shuffled(part, chance) for part in value]
        case _:
            return value


def test_the_json_form_applied_to_the_old_gives_the_new() -> None:
    """A program can compute the new release from the JSON and the old release."""
    old, new = read_snapshot(str(OLD)), read_snapshot(str(NEW))
    document = json.loads(show(arrange(make_report(old, new)), Format.JSON))
    patched = {
        object_id.of(value): value for value in apply_changes.apply(json_changes.read_changes(document, old), old)
    }
    assert (
        compare(Snapshot("", {name: Resource(name, digest.of(v), v) for name, v in patched.items()}), new) == Changes()
    )
