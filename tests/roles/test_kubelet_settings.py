"""The release's own kubelet reads the settings that the role writes; it ends where it would need a cluster."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bedplate.artifacts import find_program
from bedplate.artifacts.load_release import load_release
from bedplate.config import catalog as catalogs
from bedplate.core.errors import BedplateError
from factories import unavailable
from factories.node_root import settings_of

SETTINGS = "/etc/bedplate/kubelet.conf.d/10-bedplate.conf"
BASE = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
ACCEPTED = "no client provided"


@pytest.fixture(scope="module")
def kubelet() -> Path:
    """Return the release's kubelet."""
    try:
        return find_program.find_program("kubernetes", "kubelet", load_release(catalogs.newest()))
    except BedplateError as error:
        unavailable(f"{error.subject} {error.fact}; run: python tests/programs.py kubernetes-node")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("", "", ACCEPTED),
        ("containerLogMaxFiles: 5", "containerLogMaxFiles: 1", "containerLogMaxFiles must be greater than 1"),
        ("CriticalPods: 20s", "CriticalPods: 90s", "shutdownGracePeriodCriticalPods {1m30s} must be <="),
    ],
)
def test_the_kubelet_takes_the_settings(kubelet: Path, tmp_path: Path, before: str, after: str, said: str) -> None:
    """It accepts them, and they are what it would run with: a wrong value in the same file is refused."""
    base, folder = tmp_path / "base.yaml", tmp_path / "kubelet.conf.d"
    folder.mkdir()
    base.write_text(BASE)
    (folder / "10-bedplate.conf").write_text(settings_of(())[SETTINGS].replace(before, after))
    words: list[str | Path] = [
        kubelet,
        "--config",
        base,
        "--config-dir",
        folder,
        "--root-dir",
        tmp_path / "k",
        "--cert-dir",
        tmp_path,
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert said in done.stderr
