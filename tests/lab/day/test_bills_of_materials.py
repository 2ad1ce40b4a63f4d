"""What the real bundle says about itself: nothing that is in it is missing from its bills of materials."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bedplate.config.release_lock import Lock
from bedplate.lab.up import BUNDLE
from factories.standing_lab import Standing

STATED = 0.97
"""Packages that state a licence; some of Debian's copyright files and of Go's modules have none that can be told."""


@pytest.fixture(scope="module")
def bundle(lab: Standing) -> Path:
    """The lab's bundle."""
    return lab.lab.folder / "media" / BUNDLE


@pytest.fixture(scope="module")
def lock(lab: Standing) -> Lock:
    """The lock that it was built from, relocked or not, as the bastion has it."""
    version = lab.site.environment.release
    text = lab.inside("cat", f"/opt/bedplate/installer/{version}/releases/{version}/release.lock")
    return Lock.model_validate_json(text)


def _sbom(lab: Standing, bundle: Path, *words: str) -> Any:
    done = lab.bedplate("bundle", "sbom", str(bundle), "--format", "cyclonedx-json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _hashes(sbom: dict[str, Any]) -> set[str]:
    return {one["content"] for component in sbom["components"] for one in component.get("hashes", [])}


def test_every_artifact_is_in_the_release_s_bill(lab: Standing, bundle: Path) -> None:
    """Each artifact stands there by its digest, each package with its version, and nearly all with a licence."""
    sbom = _sbom(lab, bundle)
    artifacts = json.loads((bundle / "release.json").read_bytes())["artifacts"]
    assert {one["id"] for one in artifacts if one["sha256"] not in _hashes(sbom)} == set()
    packages = [one for one in sbom["components"] if one["type"] == "library"]
    assert all(one["version"] for one in packages)
    assert sum(bool(one.get("licenses")) for one in packages) > STATED * len(packages)


def test_every_image_has_a_bill_with_its_packages(lab: Standing, bundle: Path, lock: Lock) -> None:
    """An image's own bill has every Debian package and wheel that was locked for it, by the same digest."""
    artifacts = json.loads((bundle / "release.json").read_bytes())["artifacts"]
    images = [one["image"] for one in artifacts if one["image"]]
    assert len(images) >= 15
    found = {image: _hashes(_sbom(lab, bundle, "--image", image)) for image in images}
    (notebook,) = (image for image in images if "scipy-notebook" in image)
    sets = [members for name, members in lock.sets.items() if "scikit-learn" in name]
    wanted = {lock.by_id[member].pin["sha256"] for members in sets for member in members}
    assert len(wanted) > 50
    assert wanted <= found[notebook]


@pytest.mark.parametrize(("fixed", "code"), [("999", 1), ("1", 0)])
def test_a_carried_advisory_is_matched(lab: Standing, bundle: Path, tmp_path: Path, fixed: str, code: int) -> None:
    """An advisory against a version that is in the bundle is found with where it is; one that is mended is not."""
    affected = {
        "package": {"ecosystem": "PyPI", "name": "jupyterhub"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
    }
    advisory = {"id": "TEST-1", "modified": "2026-01-01T00:00:00Z", "summary": "A test's own", "affected": [affected]}
    (tmp_path / "db.json").write_text(json.dumps(advisory))
    done = lab.bedplate("bundle", "cve", str(bundle), "--db", str(tmp_path / "db.json"), "--output", "json")
    assert done.returncode == code, done.stderr
    findings = json.loads(done.stdout)["findings"]
    assert [(one["id"], one["package"]) for one in findings] == [("TEST-1", "jupyterhub")] * code
    assert all(any("k8s-hub" in holder for holder in one["in"]) for one in findings)
