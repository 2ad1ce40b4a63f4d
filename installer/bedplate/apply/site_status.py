"""How an environment is: its release, nodes, steps, and whether anything tried to leave."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

from bedplate.apply.installation import LEDGER
from bedplate.apply.ledger import Ledger, StepRecord
from bedplate.cluster import kubectl
from bedplate.config import bundle_layout
from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.core import paths
from bedplate.core.errors import BedplateError
from bedplate.hosts import ssh

AUDIT = ("nft", "-j", "list", "counters", "table", "inet", "bedplate_audit")
OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """What an operator asks first.

    Attributes:
        environment: its name.
        release: the release that was applied last; empty before.
        bundle: the label of the bundle that it came from; +relock where packages had vanished.
        nodes: node to Ready or the reason why not.
        packets_outside: packets on all hosts that tried to leave since their counters began (at a boot, or when the
            rules changed); none where a host cannot tell.
        outside: the same by host.
        steps: the last real run of each step.
    """

    environment: str
    release: str
    bundle: str
    nodes: dict[str, str] = field(default_factory=dict)
    packets_outside: int | None = None
    outside: dict[str, int | None] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return asdict(self)


def read_status(site: Site) -> SiteStatus:
    """Return an environment's status; what cannot be read is empty."""
    applied, steps = _ledger(site)
    with ThreadPoolExecutor(len(site.hosts)) as pool:
        outside = dict(
            zip((h.name for h in site.hosts), pool.map(lambda h: read_outside(site, h), site.hosts), strict=True)
        )
    counts = [count for count in outside.values() if count is not None]
    return SiteStatus(
        environment=site.environment.name,
        release=applied.partition("+")[0],
        bundle=_bundle(site),
        nodes=_nodes(site),
        packets_outside=sum(counts) if len(counts) == len(site.hosts) else None,
        outside=outside,
        steps=[_step(record) for record in steps],
    )


def read_outside(site: Site, host: Host) -> int | None:
    """Return how many packets of a host tried to leave; none where it does not count (yet)."""
    try:
        done = ssh.run(ssh.host(site, host), AUDIT, timeout=10, check=False)
        counters = [one["counter"] for one in json.loads(done.stdout)["nftables"] if "counter" in one]
    except (BedplateError, ValueError, KeyError):
        return None
    return next((int(one["packets"]) for one in counters if one["name"] == OUTSIDE), None)


def read_nodes(site: Site) -> dict[str, str]:
    """Return the cluster's nodes with their state: Ready or the reason why not."""
    nodes = {}
    for node in kubectl.get(site, "nodes")["items"]:
        (condition,) = [c for c in node["status"]["conditions"] if c["type"] == "Ready"]
        nodes[node["metadata"]["name"]] = "Ready" if condition["status"] == "True" else str(condition["reason"])
    return nodes


def _nodes(site: Site) -> dict[str, str]:
    try:
        return read_nodes(site)
    except BedplateError:
        return {}


def _bundle(site: Site) -> str:
    file = paths.STORE / "releases" / site.environment.release / bundle_layout.RELEASE
    return str(json.loads(file.read_bytes())["release"]) if file.is_file() else ""


def _ledger(site: Site) -> tuple[str, list[StepRecord]]:
    path = site.state / LEDGER
    if not path.is_file():
        return "", []
    ledger = Ledger(path)
    try:
        return ledger.last_release(), ledger.steps()
    finally:
        ledger.close()


def _step(record: StepRecord) -> dict[str, Any]:
    seconds = round(record.ended - record.started, 1) if record.ended else None
    return {"step": record.step, "outcome": record.outcome, "changed": record.changed, "seconds": seconds}
