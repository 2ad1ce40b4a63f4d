"""`bedplate images` finds the images in real manifests, and reports files that it cannot read."""

from __future__ import annotations

import base64
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


def _run(*words: str, stdin: bytes | None = None, form: str = "json") -> Result:
    app = typer.Typer()
    images.register(app)
    return CliRunner().invoke(app, [*words, "--output", form], input=stdin, catch_exceptions=True)


@pytest.mark.parametrize("name", TRUTH)
def test_gpu_operator(name: str) -> None:
    """All images of the chart are found, joined with their tags, and no false ones."""
    facts = json.loads(_run(str(upstream(name))).stdout)
    assert Counter(fact["image"] for fact in facts["images"]) == TRUTH[name]


def test_json_has_every_fact(tmp_path: Path) -> None:
    """JSON has the image, the object, the path in it, and the file and line of the object."""
    file = tmp_path / "pod.yaml"
    file.write_text(f"# a comment\n---\n{POD}")
    facts = json.loads(_run(str(file)).stdout)
    assert facts["unresolved"] == []
    assert facts["images"] == [
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
    found = {fact["image"] for fact in json.loads(_run(str(tmp_path)).stdout)["images"]}
    assert found == {"docker.io/a/b:1", "docker.io/c/d:1", "docker.io/e/f:1"}
    assert [fact["file"] for fact in json.loads(_run("-", stdin=POD.encode()).stdout)["images"]] == ["standard input"]


def test_less_certain_references_are_counted(tmp_path: Path) -> None:
    """A reference that is only possible is listed on demand, and counted otherwise."""
    file = tmp_path / "thing.yaml"
    file.write_text("kind: Thing\napiVersion: example.org/v1\nspec: {image: trainer}\n")
    done = _run(str(file))
    assert json.loads(done.stdout)["images"] == []
    assert "not listed: 1 less certain" in done.stderr
    assert len(json.loads(_run(str(file), "--certainty", "possible").stdout)["images"]) == 1


def test_what_names_no_image_is_said(tmp_path: Path) -> None:
    """A template in an image field is on stderr and in JSON, and fails only with --strict."""
    names = ["ko://github.com/acme/cmd", "${REGISTRY}/acme/app:1.2", "acme/Upper:1", "auto", "${IMAGE:-quay.io/a/b:1}"]
    file = tmp_path / "pod.yaml"
    containers = [{"name": "x", "image": name} for name in names]
    file.write_text(json.dumps({**yaml.safe_load(POD), "spec": {"containers": containers}}))
    done, strict = _run(str(file)), _run(str(file), "--strict")
    facts = json.loads(done.stdout)
    assert [fact["written"] for fact in facts["unresolved"]] == names[:4]
    assert facts["unresolved"][1]["path"] == "spec.containers[1].image"
    assert [fact["image"] for fact in facts["images"]] == ["quay.io/a/b:1"]
    assert done.stderr.count("unresolved: ") == len(names) - 1
    assert f"{file}:1: core/Pod/shop/web spec.containers[1].image: ${{REGISTRY}}/acme/app:1.2 names no" in done.stderr
    assert (done.exit_code, strict.exit_code) == (0, 1)


def test_templates_in_custom_resources_are_said(tmp_path: Path) -> None:
    """So is one in a custom resource; a field that is not for containers may hold any other word."""
    file = tmp_path / "thing.yaml"
    file.write_text('kind: T\napiVersion: e.org/v1\nspec: {a: {image: "$(params.X)"}, b: {image: ubuntu 22}}\n')
    assert [fact["written"] for fact in json.loads(_run(str(file)).stdout)["unresolved"]] == ["$(params.X)"]


def test_list_has_each_reference_once(tmp_path: Path) -> None:
    """The list is for skopeo and crane: sorted, unique, a digest without its tag, and nothing that cannot be pulled."""
    digest = "sha256:" + "a" * 64
    file = tmp_path / "pods.yaml"
    args = '    args: ["--default-base-image=quay.io/thanos/thanos"]\n'
    pods = [POD + args, POD, POD.replace("a/b:1", f"quay.io/a/b:v1@{digest}")]
    file.write_text("---\n".join(pods))
    done = _run(str(file), form="list")
    assert done.stdout == f"docker.io/a/b:1\nquay.io/a/b@{digest}\n"
    assert "not listed: quay.io/thanos/thanos has neither tag nor digest" in done.stderr


def test_items_of_typed_lists_have_a_kind() -> None:
    """The API server leaves out the kind of a SecretList's items, whose values are in base64."""
    pod = base64.b64encode(POD.replace("a/b:1", "quay.io/acme/hidden:1").encode()).decode()
    secrets = {
        "kind": "SecretList",
        "apiVersion": "v1",
        "items": [{"metadata": {"name": "s"}, "data": {"x.yaml": pod}}],
    }
    facts = json.loads(_run("-", stdin=json.dumps(secrets).encode()).stdout)["images"]
    assert [(fact["image"], fact["object"]) for fact in facts] == [("quay.io/acme/hidden:1", "core/Secret/-/s")]


def test_an_empty_input_is_refused() -> None:
    """The command before an empty pipe has failed."""
    assert isinstance(_run("-", stdin=b"").exception, InputError)


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
