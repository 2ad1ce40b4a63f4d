"""Bills of materials of the lab's bundle: they list everything that is in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bedplate.config.release_lock import Lock
from bedplate.lab.up import BUNDLE
from factories.running_lab import RunningLab

LICENSED = 0.97
"""Part of the packages whose licence is known; some of Debian's copyright files and Go's modules name none."""


@pytest.fixture(scope="module")
def bundle(lab: RunningLab) -> Path:
    """Return the lab's bundle."""
    return lab.lab.folder / "media" / BUNDLE


@pytest.fixture(scope="module")
def lock(lab: RunningLab) -> Lock:
    """Return the lock that the bundle was built from, relocked or not, as the bastion has it."""
    version = lab.site.environment.release
    text = lab.inside("cat", f"/opt/bedplate/installer/{version}/releases/{version}/release.lock")
    return Lock.model_validate_json(text)


def _sbom(lab: RunningLab, bundle: Path, *words: str) -> Any:
    done = lab.bedplate("bundle", "sbom", str(bundle), "--output", "cyclonedx-json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _hashes(sbom: dict[str, Any]) -> set[str]:
    return {entry["content"] for component in sbom["components"] for entry in component.get("hashes", [])}


def test_every_artifact_is_in_the_release_s_bill(lab: RunningLab, bundle: Path) -> None:
    """Each artifact is listed by its digest, each package with its version, and nearly all with a licence."""
    sbom = _sbom(lab, bundle)
    artifacts = json.loads((bundle / "release.json").read_bytes())["artifacts"]
    assert {artifact["id"] for artifact in artifacts if artifact["sha256"] not in _hashes(sbom)} == set()
    packages = [component for component in sbom["components"] if component["type"] == "library"]
    assert all(package["version"] for package in packages)
    assert sum(bool(package.get("licenses")) for package in packages) > LICENSED * len(packages)


def test_every_image_has_a_bill_with_its_packages(lab: RunningLab, bundle: Path, lock: Lock) -> None:
    """An image's bill lists every Debian package and wheel that was locked for it, by digest."""
    artifacts = json.loads((bundle / "release.json").read_bytes())["artifacts"]
    images = [artifact["image"] for artifact in artifacts if artifact["image"]]
    assert len(images) >= 15
    found = {image: _hashes(_sbom(lab, bundle, "--image", image)) for image in images}
    (notebook,) = (image for image in images if "scipy-notebook" in image)
    sets = [members for name, members in lock.sets.items() if "scikit-learn" in name]
    wanted = {lock.by_id[member].pin["sha256"] for members in sets for member in members}
    assert len(wanted) > 50
    assert wanted <= found[notebook]


@pytest.mark.parametrize(("fixed", "code"), [("999", 1), ("1", 0)])
def test_a_carried_advisory_is_matched(lab: RunningLab, bundle: Path, tmp_path: Path, fixed: str, code: int) -> None:
    """An advisory for a version in the bundle is found, with the artifacts that have it; a fixed one is not."""
    affected = {
        "package": {"ecosystem": "PyPI", "name": "jupyterhub"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
    }
    advisory = {"id": "TEST-1", "modified": "2026-01-01T00:00:00Z", "summary": "A test's own", "affected": [affected]}
    (tmp_path / "db.json").write_text(json.dumps(advisory))
    done = lab.bedplate("bundle", "cve", str(bundle), "--db", str(tmp_path / "db.json"), "--output", "json")
    assert done.returncode == code, done.stderr
    findings = json.loads(done.stdout)["findings"]
    assert [(finding["id"], finding["package"]) for finding in findings] == [("TEST-1", "jupyterhub")] * code
    assert all(any("k8s-hub" in artifact for artifact in finding["in"]) for finding in findings)
