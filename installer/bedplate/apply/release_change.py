"""Whether a release may be applied over what runs: only over those in its `upgradesFrom`, and never downwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bedplate.config.catalog import version_key
from bedplate.config.release import Release
from bedplate.core.errors import BedplateError, ErrorList, InputError

OVERRIDE = "add --unsupported to apply it all the same; nobody has tested that"


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
