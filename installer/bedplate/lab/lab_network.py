"""A lab's network: a bridge with no route and no DNS; the developer's machine drops what comes from it."""

from __future__ import annotations

import json

from bedplate.core.command import run
from bedplate.lab.lab_address import Lab

RULES = """\
table inet {table}
delete table inet {table}
table inet {table} {{
    chain input {{
        type filter hook input priority -150; policy accept;
        iifname "{bridge}" ct state established,related accept
        iifname "{bridge}" counter drop
    }}
    chain forward {{
        type filter hook forward priority -150; policy accept;
        iifname "{bridge}" oifname != "{bridge}" counter drop
        iifname != "{bridge}" oifname "{bridge}" counter drop
    }}
}}
"""
"""With the first two lines, the file replaces the whole table in one transaction."""


def ensure_network(lab: Lab) -> None:
    """Ensure the podman network, and rules that drop everything that comes from it except replies."""
    if run(["podman", "network", "exists", lab.bridge], check=False).returncode != 0:
        options = ["--internal", "--disable-dns", "--subnet", str(lab.network), "--gateway", str(lab.gateway)]
        run(["podman", "network", "create", *options, lab.bridge])
    run(["nft", "-f", "-"], stdin=RULES.format(table=_table(lab), bridge=interface(lab)).encode())


def interface(lab: Lab) -> str:
    """Return the name of the bridge."""
    networks = json.loads(run(["podman", "network", "inspect", lab.bridge]).stdout)
    return str(networks[0]["network_interface"])


def _table(lab: Lab) -> str:
    return lab.bridge.replace("-", "_")


def remove_network(lab: Lab) -> None:
    """Remove the network and its rules, if they exist."""
    run(["podman", "network", "rm", "--force", lab.bridge], check=False)
    run(["nft", "-f", "-"], stdin=f"table inet {_table(lab)}\ndelete table inet {_table(lab)}\n".encode())
