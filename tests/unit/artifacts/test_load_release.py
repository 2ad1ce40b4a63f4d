"""A release is loaded with its components; what is wrong in a component's artifacts is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.artifacts.load_release import load_release
from bedplate.core.errors import InputError

RELEASE = "version: 2026.1.0\ntoolchain: {go: '1', node: '1'}\nepoch: 1793491200\ncomponents: {hello: '1'}\n"
COMPONENT = "name: hello\nsummary: Says hello\nlayer: foundation\nartifacts: [%s]\n"


def test_a_version_is_never_a_folder_of_the_working_directory(folder: Path) -> None:
    """Only a path with a slash names a folder: elsewhere, `2026.11.0/release.yaml` would win over the release."""
    (folder / "2026.11.0").mkdir()
    (folder / "2026.11.0/release.yaml").write_text(RELEASE)
    assert load_release("2026.11.0").release.version == "2026.11.0"
    with pytest.raises(InputError, match="hello"):
        load_release("./2026.11.0")


@pytest.mark.parametrize(
    ("artifact", "fact"),
    [
        ("{id: hello, kind: rust}", "'rust' is not a source kind that components can declare; possible: file, go, npm"),
        ("{id: hello}", "None is not a source kind"),
        ("{id: hello, kind: file, url: x}", "hello of kind file: sha256: Field required"),
        ("{id: hello, kind: npm, modul: x}", "hello of kind npm: modul: Extra inputs are not permitted"),
        ("hello", "Input should be a valid dictionary or instance of Artifact"),
    ],
)
def test_a_wrong_artifact_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, artifact: str, fact: str) -> None:
    """The error says which artifact, which key, and which kinds there are."""
    for name, text in {"releases/2026.1.0/release.yaml": RELEASE, "manifests/hello/component.yaml": COMPONENT}.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text.replace("%s", artifact))
    monkeypatch.setenv("BEDPLATE_TREES", str(tmp_path))
    with pytest.raises(InputError, match=r"component\.yaml") as error:
        load_release("2026.1.0")
    assert fact in str(error.value)
