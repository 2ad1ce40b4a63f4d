"""Whether kubeadm has finished its work on this host, so that nothing finished is ever reset.

`*.begun` marks a run of kubeadm that has not ended. It is written only where nothing of a cluster is on the host, and
says so; therefore what is found next to it was left by that run. `*.made` stays for ever once a run has ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import certificate_files
from host_paths import HostPaths, NodeError, run, write_atomic

ABSENT, INTERRUPTED, MADE = "absent", "interrupted", "made"
EMPTY = "nothing of a cluster was on this host before"


@dataclass(frozen=True, slots=True)
class Role:
    """What kubeadm makes of a host.

    Attributes:
        name: control-plane or worker.
        evidence: files that only a finished or interrupted run leaves, and what they are called.
    """

    name: str
    evidence: dict[Path, str]

    def begun(self, paths: HostPaths) -> Path:
        """Return the mark of a run that has not ended."""
        return paths.bedplate / f"{self.name}.begun"

    def made(self, paths: HostPaths) -> Path:
        """Return the permanent stamp of a run that has ended."""
        return paths.bedplate / f"{self.name}.made"

    def found(self, paths: HostPaths) -> list[str]:
        """Return what of a cluster is on the host."""
        return [name for path, name in self.evidence.items() if (paths.root / path).exists()]


CONTROL_PLANE = Role(
    "control-plane",
    {Path("var/lib/etcd/member"): "etcd's data", Path("etc/kubernetes/admin.conf"): "admin.conf"},
)
WORKER = Role(
    "worker",
    {
        Path("etc/kubernetes/kubelet.conf"): "kubelet.conf",
        Path("var/lib/kubelet/pki") / certificate_files.KUBELET_CLIENT: "the kubelet's certificate",
    },
)
ROLES = {role.name: role for role in (CONTROL_PLANE, WORKER)}


def read_state(paths: HostPaths, role: Role) -> str:
    """Return whether kubeadm never ran, was interrupted, or has finished; NodeError if that cannot be told."""
    found = role.found(paths)
    if role.made(paths).exists():
        return MADE
    if not role.begun(paths).exists():
        return MADE if found else ABSENT
    if EMPTY in role.begun(paths).read_text() or not found:
        return INTERRUPTED
    raise NodeError(
        f"{role.begun(paths)} says that kubeadm did not finish, but {' and '.join(found)} may be older than the mark, "
        f"so nothing is reset. If this {role.name} was finished, remove the mark; if not, run `kubeadm reset` yourself"
    )


def begin(paths: HostPaths, role: Role) -> bool:
    """Mark the start of kubeadm; after an interrupted run, first clear what it left. Return whether it was cleared."""
    state = read_state(paths, role)
    if state == MADE:
        raise NodeError(f"this host is a finished {role.name}: kubeadm does not run here again")
    if state == INTERRUPTED:
        # The one place that resets a host.
        run(["kubeadm", "reset", "--force", "--cri-socket", "unix:///run/containerd/containerd.sock"])
    write_atomic(role.begun(paths), f"kubeadm was started here and has not ended; {EMPTY}\n".encode(), 0o644)
    return state == INTERRUPTED


def finish(paths: HostPaths, role: Role) -> bool:
    """Stamp the host as finished, for ever, and remove the mark; return whether it had no stamp."""
    stamped = role.made(paths).exists()
    if not stamped:
        text = f"This host is a finished {role.name}: Bedplate never resets it. Remove this file only after a reset.\n"
        write_atomic(role.made(paths), text.encode(), 0o644)
    role.begun(paths).unlink(missing_ok=True)
    return not stamped
