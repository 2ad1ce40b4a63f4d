"""The status of an environment: its release, nodes, steps, certificates, and packets that tried to leave."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from bedplate.apply.certificate_status import CertificateEnd, read_certificates
from bedplate.apply.ledger import StepRecord, last_runs, read_last_run, read_passed_by
from bedplate.cluster import kubectl
from bedplate.config import bundle_layout
from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.core import paths
from bedplate.core.errors import BedplateError
from bedplate.hosts import egress_audit
from bedplate.hosts.host_command import on_each_host, run_on_host
from bedplate.kube.conditions import find_condition

AUDIT = ("nft", "-j", "list", "counters", "table", "inet", "bedplate_audit")
TIMEOUT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """What `bedplate status` shows.

    Attributes:
        environment: its name.
        release: the release that was applied last; empty before the first apply.
        bundle: the label of the bundle that it came from; +relock if vanished packages were relocked.
        nodes: node name to Ready or the reason why not.
        packets_outside: packets that tried to leave, on all hosts, since the counters began (at a boot, or when the
            rules changed); None if a host does not count them.
        outside: the same, by host.
        steps: the last run of each step that was not skipped.
        run: the last apply: outcome, start, user, git revision, digests of environment and installer.
        certificates: when each certificate ends, the first to end first.
        passed_by: why hosts were passed by, and have not been configured since, by name.
    """

    environment: str
    release: str
    bundle: str
    nodes: dict[str, str] = field(default_factory=dict)
    packets_outside: int | None = None
    outside: dict[str, int | None] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    run: dict[str, Any] = field(default_factory=dict)
    certificates: list[CertificateEnd] = field(default_factory=list)
    passed_by: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the status as JSON values."""
        return asdict(self)


def read_status(site: Site) -> SiteStatus:
    """Read an environment's status; what cannot be read is empty."""
    applied, steps = last_runs(site.ledger)
    outside = on_each_host(site.hosts, lambda host: read_outside(site, host))
    counts = [count for count in outside.values() if count is not None]
    return SiteStatus(
        environment=site.environment.name,
        release=applied.partition("+")[0],
        bundle=_bundle(site),
        nodes=_nodes(site),
        packets_outside=sum(counts) if len(counts) == len(site.hosts) else None,
        outside=outside,
        steps=[_step(record) for record in steps],
        run=read_last_run(site.ledger),
        certificates=read_certificates(site),
        passed_by=read_passed_by(site.ledger),
    )


def read_outside(site: Site, host: Host) -> int | None:
    """Return how many packets of a host tried to leave; None if it does not count them (yet) or does not answer."""
    if host.in_maintenance:
        return None
    try:
        done = run_on_host(site, host, AUDIT, timeout=TIMEOUT_SECONDS, check=False, as_root=True)
        return egress_audit.parse(done.stdout).outside
    except (BedplateError, OSError, ValueError):
        return None


def read_nodes(site: Site) -> dict[str, str]:
    """Return the cluster's nodes, each with Ready or the reason why not."""
    nodes = {}
    for node in kubectl.get(site, "nodes")["items"]:
        condition = find_condition(node, "Ready")
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


def _step(record: StepRecord) -> dict[str, Any]:
    seconds = round(record.ended - record.started, 1) if record.ended else None
    return {"step": record.step, "outcome": record.outcome, "changed": record.changed, "seconds": seconds}
