"""The comparison of an acceptance run with the last signed one of the same environment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from bedplate.acceptance import report_signature
from bedplate.acceptance.acceptance_result import REPORT, AcceptanceCheck, RunComparison
from bedplate.core.errors import BedplateError, ErrorList

PASSED = "passed"


def last_signed(folder: Path, public: Callable[[str], str]) -> dict[str, Any] | None:
    """Return the newest report, as JSON values, whose signature is good; None if there is none.

    Args:
        folder: the folder of all reports of an environment.
        public: returns the public site key.
    """
    return next(_signed(folder, public), None)


def compare(earlier: dict[str, Any], checks: Iterable[AcceptanceCheck]) -> RunComparison:
    """Return what became worse, better, new and missing since an earlier report."""
    before = {str(check["id"]): str(check["outcome"]) for check in earlier["checks"]}
    now: dict[str, str] = {check.id: check.outcome for check in checks}
    both = [name for name in now if name in before]
    return RunComparison(
        started=datetime.fromisoformat(earlier["started"]),
        release=earlier["release"],
        worse=[name for name in both if before[name] == PASSED != now[name]],
        better=[name for name in both if before[name] != PASSED == now[name]],
        missing=[name for name in before if name not in now],
        new=[name for name in now if name not in before],
    )


def _signed(folder: Path, public: Callable[[str], str]) -> Iterator[dict[str, Any]]:
    """Yield the reports with a good signature, newest first."""
    for one in sorted(folder.iterdir(), reverse=True) if folder.is_dir() else []:
        try:
            report_signature.verify_report(one, public)
            found: dict[str, Any] = json.loads((one / REPORT).read_bytes())
        except (BedplateError, ErrorList, OSError, ValueError):
            continue
        yield found
