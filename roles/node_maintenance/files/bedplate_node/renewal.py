"""Renew kubeadm's certificates on a control plane, from the cluster's authority and without the API server.

kubeadm writes new ones into a folder of its own first. Each then takes its place in one step, so that a kill at any
moment leaves certificates that the next run recognizes as usable, or replaces.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import certificate_files
from certificate_files import AUTHORITIES, PAIRS, Certificate
from host_paths import HostPaths, NodeError, run, write_atomic

CLUSTER = "kind: ClusterConfiguration\n"
NEVER_CREATED = (*(f"{name}.{suffix}" for name in AUTHORITIES for suffix in ("crt", "key")), "sa.key", "sa.pub")
"""Files in pki/ that all the others are signed with; kubeadm gets them as they are."""


def faults(paths: HostPaths, renew_before: float) -> dict[str, str]:
    """Return why certificates have to be replaced, by name."""
    found = {one.name: one.fault(renew_before) for one in certificate_files.control_plane(paths)}
    return {name: fault for name, fault in found.items() if fault}


def renew(paths: HostPaths, renew_before: float) -> dict[str, str]:
    """Replace what ends soon, is missing, or has other names than kubeadm.yaml; return why, by name."""
    found = faults(paths, renew_before)
    if not found and not _settings_are_newer(paths):
        return {}
    _check_authorities(paths)
    with staged(paths) as folder:
        found = {**_other_names(paths, folder, found), **found}
        for name in found:
            _put(paths, folder, name)
    return found


@contextmanager
def staged(paths: HostPaths) -> Iterator[Path]:
    """Let kubeadm write a full set of certificates and kubeconfigs into a folder that is removed afterwards."""
    paths.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in paths.state.glob("new-*"):
        shutil.rmtree(left)
    folder = Path(tempfile.mkdtemp(prefix="new-", dir=paths.state))
    try:
        (folder / "etcd").mkdir()
        for name in NEVER_CREATED:
            (folder / name).symlink_to(paths.pki / name)
        settings = folder / "kubeadm.yaml"
        text = paths.settings_in_use.read_text()
        settings.write_text(text.replace(CLUSTER, f"{CLUSTER}certificatesDir: {folder}\n", 1))
        phase = ["kubeadm", "init", "phase"]
        run([*phase, "certs", "all", "--config", settings])
        run([*phase, "kubeconfig", "all", "--config", settings, "--kubeconfig-dir", folder])
        yield folder
    finally:
        shutil.rmtree(folder)


def _check_authorities(paths: HostPaths) -> None:
    """Refuse to let kubeadm create an authority: everything that the old one signed would be worthless."""
    missing = [name for name in NEVER_CREATED if not (paths.pki / name).exists()]
    if missing:
        raise NodeError(
            f"{paths.pki} lacks {', '.join(missing)}, so certificates cannot be renewed here; restore it from a backup"
        )
    # kubeadm's certificates begin when their authority does: new ones would be no better.
    early = [name for name in AUTHORITIES if certificate_files.authority(paths, name).starts() > time.time()]
    if early:
        raise NodeError(
            f"{', '.join(early)} in {paths.pki} is not valid yet, so certificates cannot be renewed here; "
            "correct this host's clock, or restore the authority from a backup"
        )


def _settings_are_newer(paths: HostPaths) -> bool:
    return paths.settings_in_use.stat().st_mtime > (paths.pki / "apiserver.crt").stat().st_mtime


def _other_names(paths: HostPaths, folder: Path, found: Mapping[str, str]) -> dict[str, str]:
    served = [name for name in PAIRS if certificate_files.pair(folder, name).kind == "serving" and name not in found]
    current = {name: certificate_files.pair(paths.pki, name) for name in served}
    return {
        name: "has other names than kubeadm.yaml"
        for name in served
        if current[name].names() != certificate_files.pair(folder, name).names()
    }


def _put(paths: HostPaths, folder: Path, name: str) -> None:
    if name.endswith(".conf"):
        write_atomic(paths.kubernetes / name, (folder / name).read_bytes(), 0o600)
        return
    # A kill between the two leaves a certificate that does not fit its key: the next run replaces both.
    write_atomic(paths.pki / f"{name}.key", (folder / f"{name}.key").read_bytes(), 0o600)
    write_atomic(paths.pki / f"{name}.crt", (folder / f"{name}.crt").read_bytes(), 0o644)


def restore_kubelet(paths: HostPaths) -> str:
    """Give the control plane's own kubelet a new client certificate if it cannot ask for one; return why it got one.

    A kubelet renews its certificate itself while the current one is valid. When that has ended, it does not start.
    """
    current = paths.kubelet / certificate_files.KUBELET_CLIENT
    config = paths.kubernetes / "kubelet.conf"
    fault = kubelet_fault(paths)
    if not fault:
        return ""
    _check_authorities(paths)
    with staged(paths) as folder:
        signed = certificate_files.kubeconfig(folder, "kubelet")
        issued = current.with_name(time.strftime("kubelet-client-%Y-%m-%d-%H-%M-%S.pem", time.gmtime()))
        write_atomic(issued, signed.certificate + signed.key, 0o600)
        link = current.with_name(".kubelet-client-current.new")
        link.unlink(missing_ok=True)
        link.symlink_to(issued.name)
        link.replace(current)
        text = (folder / "kubelet.conf").read_bytes()
        for part in (b"certificate", b"key"):
            embedded = next(match[0] for match in certificate_files.DATA.finditer(text) if match[1] == part)
            text = text.replace(embedded, b"    client-%s: /var/lib/kubelet/pki/%s" % (part, current.name.encode()))
        write_atomic(config, text, 0o600)
    return fault


def kubelet_fault(paths: HostPaths) -> str:
    """Return why the kubelet cannot log in to the cluster; empty if it can."""
    current, config = paths.kubelet / certificate_files.KUBELET_CLIENT, paths.kubernetes / "kubelet.conf"
    if not config.exists():
        return "kubelet.conf is missing"
    if b"client-certificate-data" in config.read_bytes():
        held = certificate_files.kubeconfig(config.parent, "kubelet")
    else:
        content = current.read_bytes() if current.exists() else b""
        held = Certificate("kubelet-client", "client", content, content)
    return held.fault(0)
