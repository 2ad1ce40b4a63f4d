"""Metrics about certificates in files that node-exporter's textfile collector reads."""

from __future__ import annotations

import time
from collections.abc import Iterable

from certificate_files import Certificate
from host_paths import HostPaths, write_atomic


def write_certificates(paths: HostPaths, certificates: Iterable[Certificate], *, failed: bool) -> None:
    """Write when each certificate ends, and whether the last renewal worked."""
    lines = ["# TYPE bedplate_certificate_end_timestamp_seconds gauge"]
    lines += [
        f'bedplate_certificate_end_timestamp_seconds{{name="{one.name}",kind="{one.kind}"}} {one.ends():.0f}'
        for one in certificates
    ]
    lines += ["# TYPE bedplate_certificate_renewal_failed gauge", f"bedplate_certificate_renewal_failed {int(failed)}"]
    lines += [
        "# TYPE bedplate_certificate_check_timestamp_seconds gauge",
        f"bedplate_certificate_check_timestamp_seconds {time.time():.0f}",
    ]
    _write(paths, "certificates", lines)


def write_requests(paths: HostPaths, refused: int) -> None:
    """Write how many requests of kubelets wait although they were looked at."""
    _write(
        paths,
        "kubelet_requests",
        ["# TYPE bedplate_kubelet_requests_refused gauge", f"bedplate_kubelet_requests_refused {refused}"],
    )


def _write(paths: HostPaths, name: str, lines: list[str]) -> None:
    write_atomic(paths.metrics / f"{name}.prom", ("\n".join(lines) + "\n").encode(), 0o644)
