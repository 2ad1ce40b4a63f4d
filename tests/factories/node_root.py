"""A folder that is a control plane's root for the program `bedplate-node`, with what kubeadm writes there."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from cryptography import x509

from bedplate.artifacts import find_program
from bedplate.artifacts.load_release import load_release
from bedplate.config import catalog as catalogs
from bedplate.core import paths
from bedplate.core.errors import BedplateError
from bedplate.render.host_specs import host_specs
from factories import unavailable
from factories.host_release import release_file
from factories.render_site import make_site

PROGRAM = paths.SOURCE / "roles/node_maintenance/files/bedplate_node"
SETTINGS = {
    "/etc/bedplate/kubeadm.yaml",
    "/etc/bedplate/node.json",
    "/etc/bedplate/kubelet.conf.d/10-bedplate.conf",
}
YEAR = {"validity": "365d", "renewBefore": "90d"}


def kubeadm() -> Path:
    """Return the release's kubeadm."""
    try:
        return find_program.find_program("kubernetes", "kubeadm", load_release(catalogs.newest()))
    except BedplateError as error:
        unavailable(f"{error.subject} {error.fact}; run: python tests/programs.py kubernetes-node")


@cache
def settings_of(certificates: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return what the roles write for kubeadm, kubelet and bedplate-node on the host cp1, by path."""
    catalog = load_release(catalogs.newest())
    with tempfile.TemporaryDirectory() as folder:
        site = make_site(Path(folder), certificates=dict(certificates))
        specs = host_specs(site, catalog.release, catalog.components, release_file(catalog))
    (spec,) = [spec for spec in specs if spec.host == "cp1"]
    return {file.path: file.content for file in spec.files if file.path in SETTINGS}


class NodeRoot:
    """The root folder of the host cp1, and the program that works in it.

    Attributes:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        """Write what the roles write."""
        self.root, self._kubeadm, self._folder = root / "root", kubeadm(), root
        (self.root / "etc/bedplate").mkdir(parents=True)
        self.configure()

    def configure(self, **certificates: str) -> None:
        """Write kubeadm.yaml and node.json as the roles do, for an environment's periods of certificates."""
        for path, content in settings_of(tuple({**YEAR, **certificates}.items())).items():
            (self.root / path[1:]).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path[1:]).write_text(content)
        # Its servers are not those of this computer's network.
        settings = self.root / "etc/bedplate/node.json"
        settings.write_text(json.dumps({**json.loads(settings.read_text()), "endpoints": {}}))

    def certificate(self, name: str) -> Path:
        """Return the path of a certificate, such as etcd/peer, or of a kubeconfig."""
        return self.root / "etc/kubernetes" / name if name.endswith(".conf") else self.pki / f"{name}.crt"

    def edit_settings(self, before: str, after: str) -> None:
        """Replace text in kubeadm.yaml, which must contain it."""
        path = self.root / "etc/bedplate/kubeadm.yaml"
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after))

    def run_kubeadm(self) -> None:
        """Let kubeadm create certificates, kubeconfigs and static pods, as in `kubeadm init`."""
        text = (self.root / "etc/bedplate/kubeadm.yaml").read_text()
        settings = self._folder / "init.yaml"
        cluster = "kind: ClusterConfiguration\n"
        settings.write_text(text.replace(cluster, f"{cluster}certificatesDir: {self.pki}\n"))
        environment = {**os.environ, "KUBEADM_INIT_DRYRUN_DIR": str(self.root / "etc/kubernetes/manifests")}
        (self.root / "etc/kubernetes/manifests").mkdir(parents=True)
        kubeconfigs: list[str | Path] = [
            "kubeconfig",
            "all",
            "--config",
            settings,
            "--kubeconfig-dir",
            self.root / "etc/kubernetes",
        ]
        # The paths in the static pods' manifests are those of a host.
        wanted = self.root / "etc/bedplate/kubeadm.yaml"
        phases: tuple[list[str | Path], ...] = (
            ["certs", "all", "--config", settings],
            kubeconfigs,
            ["control-plane", "all", "--config", wanted, "--dry-run"],
            ["etcd", "local", "--config", wanted, "--dry-run"],
        )
        for words in phases:
            subprocess.run(
                [self._kubeadm, "init", "phase", *words], env=environment, check=True, capture_output=True, text=True
            )
        (self.root / "var/lib/etcd/member").mkdir(parents=True)
        (self.root / "var/lib/kubelet/pki").mkdir(parents=True)

    @property
    def pki(self) -> Path:
        """Return kubeadm's folder of certificates."""
        return self.root / "etc/kubernetes/pki"

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables with which the program finds the release's kubeadm."""
        return {"BEDPLATE_NODE_PATH": f"{self._kubeadm.parent}:/usr/bin:/bin"}

    def bedplate_node(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the program as a host does, with the release's kubeadm."""
        program = [sys.executable, str(PROGRAM), "--root", str(self.root), *words]
        done = subprocess.run(program, env=self.environment, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def renew(self) -> list[str]:
        """Renew without restarting anything, and return what was done."""
        return self.bedplate_node("renew", "--no-restart").stdout.splitlines()

    def ends(self) -> dict[str, float]:
        """Return when each certificate ends, as the program prints it."""
        listed = json.loads(self.bedplate_node("certificates").stdout)
        return {name: value["ends"] for name, value in listed.items()}

    def files(self) -> dict[str, bytes]:
        """Return the content of every file of kubeadm and etcd, by path."""
        folders = (self.root / "etc/kubernetes", self.root / "var/lib/etcd")
        found = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
        return {str(path.relative_to(self.root)): path.read_bytes() for path in found}


def end_of(path: Path) -> dt.datetime:
    """Return when a PEM certificate ends, read by another library than the program's."""
    return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
