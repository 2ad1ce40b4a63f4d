"""A component that the installer does not know: from its folder to its passed acceptance test."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from bedplate.hosts import ssh
from bedplate.lab.container import MEDIA
from factories import ROOT
from factories.running_lab import RunningLab, bedplate

TREE = ROOT / "tests/data/greeter"


@pytest.fixture(scope="module")
def version(lab: RunningLab) -> str:
    """Return the version of a release that is the lab's own with one component more."""
    return f"{lab.site.environment.release}-greeter"


@pytest.fixture(scope="module")
def tree(lab: RunningLab, version: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a tree with the component, and with the lab's release and lock under a new version."""
    tree = shutil.copytree(TREE, tmp_path_factory.mktemp("trees") / "greeter")
    base = lab.site.environment.release
    folder = shutil.copytree(ROOT / "releases" / base.split("+")[0], tree / "releases" / version)
    release = folder / "release.yaml"
    text = re.sub(r"^version: .*$", f"version: {version}", release.read_text(), flags=re.MULTILINE)
    text = re.sub(r"^upgradesFrom: .*$", f"upgradesFrom: [{base.split('+')[0]}]", text, flags=re.MULTILINE)
    release.write_text(f"{text}  greeter: 1.0.0\n")
    (folder / "release.lock").write_text(
        lab.inside("cat", f"/opt/bedplate/installer/{base}/releases/{base}/release.lock")
    )
    return tree


def test_a_new_component_needs_its_folder_and_a_version(
    lab: RunningLab, tree: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is locked, built, mirrored, rendered, applied and verified by an installer that does not know it."""
    monkeypatch.setenv("BEDPLATE_TREES", str(tree))
    bundle = lab.lab.folder / "media" / "greeter"
    key = lab.lab.folder / "publisher" / "id_ed25519"
    _done("lock", version)
    _done("bundle", "build", version, "--out", str(bundle), "--key", str(key), "--record")

    bastion = ssh.bastion(lab.site)
    ssh.run(bastion, ["python3", f"{MEDIA}/greeter/install", "--publisher", "/root/publisher.pub"])
    environment = lab.lab.environment / "environment.yaml"
    text = environment.read_text()
    environment.write_text(re.sub(r"^release: .*$", f"release: {version}", text, flags=re.MULTILINE))

    assert lab.answer("apply", lab.lab.name, "--yes")["ran"]["layer-notebooks"] > 0
    checks = lab.answer("verify", lab.lab.name)["checks"]
    outcomes = {check["title"]: check["outcome"] for check in checks if check["component"] == "greeter"}
    assert len(outcomes) == 2
    assert set(outcomes.values()) == {"passed"}


def _done(*words: str) -> None:
    done = bedplate(*words)
    assert done.returncode == 0, f"{os.linesep.join((done.stdout + done.stderr).splitlines()[-30:])}"
