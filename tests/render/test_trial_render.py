"""`bedplate check` also finds what only rendering refuses."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from bedplate import cli
from bedplate.artifacts import find_program
from factories import DATA, ROOT
from factories.render_site import RELEASE

NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata: {name: risk-notebooks}
"""
COMPONENT = "name: own\nsummary: A component of the site\nlayer: foundation\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the good environment, whose release has a component of the site's own tree."""
    release, own = tmp_path / "releases/own", tmp_path / "manifests/own"
    shutil.copytree(ROOT / "releases" / RELEASE, release)
    text = (release / "release.yaml").read_text().replace(f"version: {RELEASE}", "version: own")
    (release / "release.yaml").write_text(text + "  own: 1.0.0\n")
    own.mkdir(parents=True)
    (own / "component.yaml").write_text(COMPONENT)
    monkeypatch.setenv("BEDPLATE_TREES", str(tmp_path))
    shutil.copytree(DATA / "environments/good", tmp_path / "site")
    file = tmp_path / "site/environment.yaml"
    file.write_text(file.read_text().replace(f"release: {RELEASE}", "release: own"))
    return tmp_path / "site"


def _run(command: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["bedplate", command, str(folder), "--output", "json"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    ("template", "fact"),
    [
        (NAMESPACE, "object core/Namespace/-/risk-notebooks is a duplicate; the first is in"),
        (NAMESPACE.replace("risk-notebooks", "{{ env.nothing }}"), "template cannot be rendered: "),
        (NAMESPACE + "---\n- 1\n", "template has a document without apiVersion, kind or metadata.name"),
    ],
)
def test_what_render_refuses_is_an_error_of_check(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], template: str, fact: str
) -> None:
    """Exit code 2, with the template's file, before any host is contacted."""
    (folder.parent / "manifests/own/own.yaml.j2").write_text(template)
    assert _run("check", folder, monkeypatch) == 2
    (error,) = json.loads(capsys.readouterr().out)["errors"]
    assert f"{error['subject']} {error['fact']}".startswith(fact)
    assert error["file"].endswith(".yaml.j2")


def test_apply_refuses_it_before_it_starts_a_program(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Typed elsewhere, it sends nothing to the bastion: with an empty PATH (no ssh), the error is the template's."""
    (folder.parent / "manifests/own/own.yaml.j2").write_text(NAMESPACE)
    monkeypatch.setenv("PATH", "")
    assert _run("apply", folder, monkeypatch) == 2
    assert "core/Namespace/-/risk-notebooks is a duplicate" in capsys.readouterr().err


def test_what_cannot_be_rendered_here_is_said(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without kustomize, an environment with a profile is not rendered; that is not an error of its files."""
    monkeypatch.setattr(find_program, "INSTALLED", tmp_path / "nowhere")
    monkeypatch.setenv("BEDPLATE_CACHE", str(tmp_path / "cache"))
    file = folder / "environment.yaml"
    file.write_text(file.read_text() + "profiles: [ha]\n")
    assert _run("check", folder, monkeypatch) == 0
    assert json.loads(capsys.readouterr().out)["notRendered"].startswith("program kustomize is neither in")
