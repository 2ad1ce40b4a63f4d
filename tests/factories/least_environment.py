"""The smallest valid environment, for tests to extend."""

from __future__ import annotations

from typing import Any

KNOWN: dict[str, Any] = {
    "name": "here",
    "release": "2026.11.0",
    "domain": "site.bedplate.test",
    "publisher": "ssh-ed25519 AAAA",
    "bastion": {"host": "bastion"},
    "network": {"nodes": "198.18.7.0/24", "pods": "198.18.128.0/17", "services": "198.19.0.0/17"},
}
