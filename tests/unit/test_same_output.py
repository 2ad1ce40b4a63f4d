"""The comparison of two revisions (tests/same_output): it passes what is the installer's own, and nothing else."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import yaml

from same_output import bundles, declared
from same_output.changes import by_name, changes
from same_output.report_table import Report

CODE = '"""Words."""\n\n\ndef size() -> int:\n    """Return it."""\n    return 1  # one\n'


@pytest.mark.parametrize(
    ("new", "same"),
    [
        ('"""Other words."""\ndef size() -> int:\n    """Return the size."""\n    return 1\n', True),
        (CODE.replace("return 1", "return 2"), False),
        (CODE.replace('"""Return it."""', "'no docstring'.strip()"), False),
        (CODE + 'NAME = "words"\n', False),
    ],
)
def test_wording_is_comments_and_docstrings_alone(new: str, *, same: bool) -> None:
    """A changed constant or statement is a difference."""
    assert declared.same_code(CODE, new) is same


def test_a_declared_change_is_made_where_the_new_tree_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replacement that the new tree does not have, and code under other words, stay as they are in the old tree."""
    old, new, report = tmp_path / "old", tmp_path / "new", Report()
    for folder, made, code in ((old, "was", CODE), (new, "is", CODE.replace("Words", "Other"))):
        folder.mkdir()
        (folder / "made").write_text(f"{made}: was\n")
        (folder / "not-made").write_text("was\n")
        (folder / "reworded.py").write_text(code)
        (folder / "changed.py").write_text(code if folder == old else code.replace("1", "2"))
    replaced = [{"file": name, "old": "was:", "new": "is:", "reason": ""} for name in ("made", "not-made")]
    (tmp_path / "declared.yaml").write_text(yaml.dump([*replaced, {"wording": "*.py", "reason": ""}]))
    monkeypatch.setattr(declared, "DECLARED", tmp_path / "declared.yaml")
    declared.apply(old, new, report)
    same = {path.name for path in old.iterdir() if path.read_bytes() == (new / path.name).read_bytes()}
    assert same == {"made", "not-made", "reworded.py"}
    assert report.rows[0].differences == ("changed.py: more than comments and docstrings differs",)


def test_changes_name_the_place_and_the_line() -> None:
    """A long text is shown by the first line that differs."""
    old, new = {"a": [1, {"b": "x\ny\n"}], "c": 1}, {"a": [1, {"b": "x\nz\n"}], "d": 1}
    assert list(changes(old, new)) == [
        'a[1].b, line 2: "y" -> "z"',
        "c: 1 -> (absent)",
        "d: (absent) -> 1",
    ]
    assert list(by_name({"a": 1, "b": 2}, {"b": 2, "a": 1})) == ["the order differs"]


def _bundle(folder: Path, installer: bytes, **blobs: bytes) -> Path:
    files = {f"{bundles.BLOBS}{hashlib.sha256(data).hexdigest()}": data for data in (installer, *blobs.values())}
    artifacts = [{"id": name, "image": "", "sha256": hashlib.sha256(data).hexdigest()} for name, data in blobs.items()]
    own = hashlib.sha256(installer).hexdigest()
    release = {"release": "1", "installer": own, "artifacts": artifacts, "documents": []}
    files |= {bundles.RELEASE: json.dumps(release).encode(), f"{bundles.INSTALL}__main__.py": installer}
    listed = [{"path": path, "sha256": hashlib.sha256(data).hexdigest()} for path, data in files.items()]
    files |= {bundles.MANIFEST: json.dumps({"files": listed}).encode(), bundles.SIGNATURE: installer}
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def test_only_the_installers_own_may_differ_in_a_bundle(tmp_path: Path) -> None:
    """Its tar, its program, its line in release.json, the manifest and the signature."""
    report = Report()
    old, new = (_bundle(tmp_path / name, name.encode(), etcd=b"etcd") for name in ("old", "new"))
    bundles.compare(old, new, "test", report)
    assert not report.differs
    assert report.rows[0].compared == 1


def test_another_artifact_is_a_difference(tmp_path: Path) -> None:
    """Both sides name it by its id."""
    report = Report()
    sides = [_bundle(tmp_path / name, name.encode(), etcd=content) for name, content in (("old", b"1"), ("new", b"2"))]
    bundles.compare(sides[0], sides[1], "test", report)
    assert [text.rpartition(" (")[2] for text in report.rows[0].differences] == ["etcd)", "etcd)"]
    assert report.rows[1].differences


def test_a_file_that_is_not_as_its_manifest_says_is_a_difference(tmp_path: Path) -> None:
    """The content counts, not only the names in the manifests."""
    report = Report()
    old, new = (_bundle(tmp_path / name, name.encode(), etcd=b"etcd") for name in ("old", "new"))
    (new / bundles.BLOBS / hashlib.sha256(b"etcd").hexdigest()).write_bytes(b"flip")
    bundles.compare(old, new, "test", report)
    assert len(report.rows[0].differences) == 2
