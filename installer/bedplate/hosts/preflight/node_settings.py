"""The kernel settings that nodes need, from the role that applies them."""

from __future__ import annotations

import yaml

from bedplate.core import paths

FILE = "zzz-bedplate.conf"
"""Where the role base writes them, in /etc/sysctl.d; files whose names sort after it win."""


def node_settings() -> dict[str, str]:
    """Return the values that nodes need, by setting."""
    variables = yaml.safe_load((paths.source_tree() / "roles" / "base" / "vars" / "main.yml").read_bytes())
    return dict(variables["base_sysctls"])
