"""kubectl with the administrator's kubeconfig of this control plane."""

from __future__ import annotations

from host_paths import HostPaths, run


def kubeconfig(paths: HostPaths) -> tuple[str, str]:
    """Return the option that names it, for kubectl and kubeadm."""
    return "--kubeconfig", str(paths.kubernetes / "admin.conf")


def kubectl(paths: HostPaths, *words: str, stdin: bytes = b"", seconds: int = 0) -> bytes:
    """Return what kubectl prints; each of its requests may take so many seconds, or as long as it needs if 0."""
    return run(["kubectl", *words, f"--request-timeout={seconds}s", *kubeconfig(paths)], stdin=stdin)
