"""A lab's SSH keys: the developer's, the bastion's, and every machine's host key, which is pinned from the start."""

from __future__ import annotations

from pathlib import Path

from bedplate.config.hosts import Host
from bedplate.core.command import run
from bedplate.core.files import write_atomic
from bedplate.lab.lab_address import Lab

DEVELOPER, BASTION = "developer", "bastion"


def ensure_key(path: Path, comment: str) -> Path:
    """Ensure an Ed25519 key pair, and return the path of the private half."""
    if not path.is_file() or not path.with_suffix(".pub").is_file():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path])
    return path


def user_key(lab: Lab, user: str) -> Path:
    """Ensure the key with which the developer or the bastion logs in to machines, and return its path."""
    return ensure_key(lab.folder / "ssh" / user, f"{user}@{lab.name}")


def host_key(lab: Lab, machine: str) -> Path:
    """Ensure a machine's host key, and return its path."""
    return ensure_key(lab.folder / "ssh" / "hosts" / machine, f"{machine}.{lab.name}")


def public_line(private: Path) -> str:
    """Return the public half as one line."""
    return private.with_suffix(".pub").read_text(encoding="utf-8").strip()


def known_hosts_text(lab: Lab, hosts: tuple[Host, ...]) -> str:
    """Return the text of the lab's known_hosts: every machine by name and address."""
    lines = []
    for host in hosts:
        kind, key, _ = public_line(host_key(lab, host.name)).split(" ", 2)
        lines.append(f"{host.name},{host.address} {kind} {key}\n")
    return "".join(lines)


def ensure_known_hosts(lab: Lab, hosts: tuple[Host, ...]) -> None:
    """Write known_hosts in the lab's environment."""
    write_atomic(lab.environment / "known_hosts", known_hosts_text(lab, hosts))
