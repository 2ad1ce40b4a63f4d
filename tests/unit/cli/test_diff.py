"""The command `bedplate diff`: arguments, files, exit codes, and no secret in any format."""

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
    """Return YAML before and after: a Secret and a ConfigMap change, one Secret is added, one is removed."""
    paths = []
    for name, password, other in (("old", PASSWORDS[0], "gone"), ("new", PASSWORDS[1], "come")):
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump_all([
            _secret("login", {"data": {"password": base64.b64encode(password.encode()).decode()}}),
            _secret(other, {"stringData": {"token": PASSWORDS[2], "list": f"a\n{PASSWORDS[2]}\n"}}),
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"side": name}},
        ]))  # fmt: skip
        paths.append(path)
    return paths[0], paths[1]


def _secret(name: str, fields: dict[str, dict[str, str]]) -> dict[str, object]:
    applied = json.dumps({"kind": "Secret", **fields})
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": applied}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "annotations": annotations}, **fields}


@pytest.mark.parametrize("form", list(Format))
def test_no_secret_in_any_format(files: tuple[Path, Path], form: Format) -> None:
    """The report shows that a Secret changed, but not its value, its base64 or its token."""
    shown = run(*map(str, files), "--output", form).output
    for value in PASSWORDS:
        assert value not in shown
        assert base64.b64encode(value.encode()).decode() not in shown
    assert "hidden:" not in shown
    if form not in (Format.SARIF, Format.JUNIT):
        assert "password" in shown
        assert "(hidden)" in shown


def test_exit_codes(files: tuple[Path, Path], tmp_path: Path) -> None:
    """0 means no change, 1 changes, 2 an error; with --fail-on, 1 means a finding of that risk."""
    old, new = map(str, files)
    assert run(old, old).exit_code == command.SAME
    assert run(old, new).exit_code == command.DIFFERENT
    assert run(old, old, "--fail-on", "restart").exit_code == command.SAME
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [")
    for words in ((old, str(broken)), (old, str(tmp_path / "absent.yaml"))):
        error = run(*words).exception
        assert getattr(error, "exit_code", None) == command.ERROR


def test_a_crash_is_not_a_change(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug of the installer also exits with 2, because 1 would mean "there are changes"."""
    monkeypatch.setattr(command, "make_report", lambda *_: 1 / 0)
    error = run(*map(str, files)).exception
    assert isinstance(error, BedplateError)
    assert error.exit_code == command.ERROR


def test_out_writes_the_file(files: tuple[Path, Path], tmp_path: Path) -> None:
    """The file gets the report, and nothing is printed."""
    out = tmp_path / "reports" / "diff.json"
    result = run(*map(str, files), "--output", "json", "--out", str(out))
    assert result.output == ""
    assert json.loads(out.read_text())["form"] == "bedplate-diff/1"


def test_standard_input(files: tuple[Path, Path]) -> None:
    """The snapshot `-` is read from standard input."""
    result = CliRunner().invoke(build(["diff"]), ["diff", "-", str(files[1])], input=files[0].read_bytes())
    assert result.exit_code == command.DIFFERENT
    assert "side: old → new" in result.output
    assert result.output.startswith("standard input → ")


def test_a_note_names_standard_input(files: tuple[Path, Path]) -> None:
    """The pipe from kubectl is called by its name, also in notes."""
    live = files[0].read_text().replace("name: settings", "name: settings\n  namespace: default")
    result = CliRunner().invoke(build(["diff"]), ["diff", str(files[1]), "-", "--summary"], input=live.encode())
    assert "without a namespace compared as in" in " ".join(result.output.split())
    other = CliRunner().invoke(build(["diff"]), ["diff", "-", "/dev/null", "-n", "x"], input=files[0].read_bytes())
    assert "of - " not in result.output + other.output
