"""`bedplate images` finds the images in real manifests, and reports files that it cannot read."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner, Result

from bedplate.cli import images
from bedplate.core.errors import InputError
from factories import ROOT, upstream

TRUTH: dict[str, dict[str, int]] = yaml.safe_load((ROOT / "tests/data/images/gpu-operator.yaml").read_text())
POD = "kind: Pod\napiVersion: v1\nmetadata: {name: web, namespace: shop}\nspec:\n  containers:\n  - image: a/b:1\n"


def _run(*words: str, stdin: bytes | None = None) -> Result:
    app = typer.Typer()
    images.register(app)
    return CliRunner().invoke(app, [*words, "--output", "json"], input=stdin, catch_exceptions=True)


@pytest.mark.parametrize("name", TRUTH)
def test_gpu_operator(name: str) -> None:
    """All images of the chart are found, joined with their tags, and no false ones."""
    facts = json.loads(_run(str(upstream(name))).stdout)
    assert Counter(fact["image"] for fact in facts) == TRUTH[name]


def test_json_has_every_fact(tmp_path: Path) -> None:
    """JSON has the image, the object, the path in it, and the file and line of the object."""
    file = tmp_path / "pod.yaml"
    file.write_text(f"# a comment\n---\n{POD}")
    assert json.loads(_run(str(file)).stdout) == [
        {
            "image": "docker.io/a/b:1",
            "written": "a/b:1",
            "object": "core/Pod/shop/web",
            "path": "spec.containers[0].image",
            "kind": "field",
            "certainty": "certain",
            "file": str(file),
            "line": 3,
        }
    ]


def test_reads_what_people_have(tmp_path: Path) -> None:
    """Folders, compressed files, JSON lists, values of Helm and standard input."""
    (tmp_path / "a.yaml.gz").write_bytes(gzip.compress(POD.encode()))
    items = [yaml.safe_load(POD.replace("a/b:1", "c/d:1"))]
    (tmp_path / "list.json").write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": items}))
    (tmp_path / "values.yaml").write_text("image: {repository: e/f, tag: 1}\n")
    found = {fact["image"] for fact in json.loads(_run(str(tmp_path)).stdout)}
    assert found == {"docker.io/a/b:1", "docker.io/c/d:1", "docker.io/e/f:1"}
    assert [fact["file"] for fact in json.loads(_run("-", stdin=POD.encode()).stdout)] == ["standard input"]


def test_less_certain_references_are_counted(tmp_path: Path) -> None:
    """A reference that is only possible is listed on demand, and counted otherwise."""
    file = tmp_path / "thing.yaml"
    file.write_text("kind: Thing\napiVersion: example.org/v1\nspec: {image: trainer}\n")
    done = _run(str(file))
    assert json.loads(done.stdout) == []
    assert "not listed: 1 less certain" in done.stderr
    assert len(json.loads(_run(str(file), "--certainty", "possible").stdout)) == 1


@pytest.mark.parametrize(("text", "says"), [("a: [", "2"), ("a: {{ b }}: c\n", "1")])
def test_what_is_no_yaml_is_refused(tmp_path: Path, text: str, says: str) -> None:
    """The file and the line are named."""
    (tmp_path / "a.yaml").write_text(text)
    error = _run(str(tmp_path)).exception
    assert isinstance(error, InputError)
    assert f"a.yaml:{says}" in str(error)


def test_what_is_absent_is_refused() -> None:
    """A path that does not exist is bad input."""
    assert isinstance(_run("absent.yaml").exception, InputError)
