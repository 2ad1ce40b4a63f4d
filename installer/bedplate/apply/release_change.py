"""Whether a release may be applied over what runs: only over those in its `upgradesFrom`, and never downwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bedplate.apply import running_cluster
from bedplate.apply.installation import Installation
from bedplate.apply.ledger import Ledger
from bedplate.config.catalog import version_key
from bedplate.config.release import Release
from bedplate.core.errors import BedplateError, ErrorList, InputError

OVERRIDE = "add --unsupported to apply it all the same; nobody has tested that"


def refuse_change(installation: Installation, ledger: Ledger, *, unsupported: bool) -> None:
    """Refuse what cannot be done to the running platform, before anything is changed.

    Args:
        installation: environment and release.
        ledger: what was applied before.
        unsupported: allow a downgrade, or an upgrade that the release does not list.

    Raises:
        ErrorList: the change is not supported.
        BedplateError: the release is another one than before, and the cluster does not answer.
    """
    release, begun = installation.catalog.release, ledger.releases_begun()
    if not unsupported:
        refuse_unsupported_change(release, begun)
    if not ledger.has(running_cluster.FIRST_STEP):
        return
    try:
        running_cluster.refuse_cluster_upgrade(installation)
    except BedplateError as error:
        if {label.partition("+")[0] for label in begun} - {release.version}:
            step = "bring it back first: apply the release that it has"
            raise BedplateError("cluster", f"does not say what runs in it: {error}", step) from error


def refuse_unsupported_change(release: Release, begun: Iterable[str]) -> None:
    """Refuse a downgrade, or an upgrade that the release does not list.

    Args:
        release: the release to apply.
        begun: the release applied last, and those whose apply began since: hosts may have parts of each.

    Raises:
        ErrorList: the change is not supported; nothing was changed.
    """
    if errors := list(_errors(release, begun)):
        raise ErrorList(errors)


def _errors(release: Release, begun: Iterable[str]) -> Iterator[BedplateError]:
    subject = f"release {release.version}"
    for other in sorted({label.partition("+")[0] for label in begun} - {release.version}, key=version_key):
        if version_key(release.version) < version_key(other):
            fact = f"is older than {other}, which was applied here, or began to be"
            yield InputError(subject, fact, f"set `release: {other}`; {OVERRIDE}")
        elif other not in release.upgradesFrom:
            known = ", ".join(release.upgradesFrom) or "no other release"
            fact = f"cannot be applied over {other}: it upgrades from {known} (upgradesFrom)"
            step = f"apply {' or '.join(release.upgradesFrom)} first; " if release.upgradesFrom else ""
            yield InputError(subject, fact, step + OVERRIDE)
