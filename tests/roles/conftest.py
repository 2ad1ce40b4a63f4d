"""A control plane's files, made by the release's kubeadm."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from factories.node_root import NodeRoot


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> NodeRoot:
    """Return a control plane whose certificates last for a year."""
    node = NodeRoot(tmp_path_factory.mktemp("made"))
    node.run_kubeadm()
    # As `kubeadm init` does at its end: the kubelet uses a certificate that it renews itself.
    (node.root / "etc/kubernetes/kubelet.conf").unlink()
    assert node.renew() == ["kubelet: kubelet.conf is missing"]
    return node


@pytest.fixture
def node(made: NodeRoot, tmp_path: Path) -> NodeRoot:
    """Return a control plane of this test's own."""
    mine = NodeRoot(tmp_path)
    shutil.copytree(made.root, mine.root, dirs_exist_ok=True, symlinks=True)
    return mine
