"""`bedplate diff` as people and workflows call it: words, files, exit codes, and no secret in any form."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from bedplate.cli import build
from bedplate.cli import diff as command
from bedplate.core.errors import BedplateError
from bedplate.diff.output import Format

PASSWORDS = ("correct-horse-old", "battery-staple-new", "third-of-them")


def run(*words: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(build(["diff"]), ["diff", *words])


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Return a folder of YAML before and after: a Secret changed, one came, one went, a ConfigMap changed."""
    sides = []
    for name, password, other in (("old", PASSWORDS[0], "gone"), ("new", PASSWORDS[1], "come")):
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump_all([
            _secret("login", {"data": {"password": base64.b64encode(password.encode()).decode()}}),
            _secret(other, {"stringData": {"token": PASSWORDS[2], "list": f"a\n{PASSWORDS[2]}\n"}}),
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"side": name}},
        ]))  # fmt: skip
        sides.append(path)
    return sides[0], sides[1]


def _secret(name: str, fields: dict[str, dict[str, str]]) -> dict[str, object]:
    applied = json.dumps({"kind": "Secret", **fields})
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": applied}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "annotations": annotations}, **fields}


@pytest.mark.parametrize("form", list(Format))
def test_no_secret_in_any_format(files: tuple[Path, Path], form: Format) -> None:
    """That a Secret changed is said; its value, its base64, and the token that stands for it are not."""
    shown = run(*map(str, files), "--output", form).output
    for value in PASSWORDS:
        assert value not in shown
        assert base64.b64encode(value.encode()).decode() not in shown
    assert "hidden:" not in shown
    if form not in (Format.SARIF, Format.JUNIT):
        assert "password" in shown
        assert "(hidden)" in shown


def test_exit_codes(files: tuple[Path, Path], tmp_path: Path) -> None:
    """0 is no change, 1 changes, 2 an error; with --fail-on only a risk that is met gives 1."""
    old, new = map(str, files)
    assert run(old, old).exit_code == command.SAME
    assert run(old, new).exit_code == command.DIFFERENT
    assert run(old, old, "--fail-on", "restart").exit_code == command.SAME
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [")
    for words in ((old, str(broken)), (old, str(tmp_path / "absent.yaml"))):
        error = run(*words).exception
        assert getattr(error, "exit_code", None) == command.ERROR


def test_a_crash_is_no_change(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the installer itself exits with 2 too: 1 would be read as "there are changes"."""
    monkeypatch.setattr(command, "make_report", lambda *_: 1 / 0)
    error = run(*map(str, files)).exception
    assert isinstance(error, BedplateError)
    assert error.exit_code == command.ERROR


def test_out_writes_the_file(files: tuple[Path, Path], tmp_path: Path) -> None:
    """--out holds the report, and nothing is printed."""
    out = tmp_path / "reports" / "diff.json"
    result = run(*map(str, files), "--output", "json", "--out", str(out))
    assert result.output == ""
    assert json.loads(out.read_text())["form"] == "bedplate-diff/1"


def test_standard_input(files: tuple[Path, Path]) -> None:
    """A side that is - is read from standard input."""
    result = CliRunner().invoke(build(["diff"]), ["diff", "-", str(files[1])], input=files[0].read_bytes())
    assert result.exit_code == command.DIFFERENT
    assert "side: old → new" in result.output
