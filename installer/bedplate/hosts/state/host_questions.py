"""What is asked of a host's state, and the answers that its HostSpec requires."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import Field

from bedplate.config.base import Model
from bedplate.hosts.state.state_probe import MISSING

RUNNING = "active enabled"
"""The state of every unit that a role starts."""
UNCHANGED = "unchanged"
"""What a check prints where nothing differs."""
REQUIRED = ("unit", "setting", "check")
"""Kinds of items whose answers are required, whatever they are when a step ends."""


class HostQuestions(Model):
    """The items of a host's state that one step owns. The probe reads them.

    Attributes:
        files: paths: content, mode and owner.
        blocks: files of the site with a block of ours.
        names: patterns of paths of which only those that a role wrote may exist.
        lines: files, each with a regular expression after a space: which of its lines match.
        units: systemd units that must be active and enabled.
        settings: kernel settings, with the required values.
        tables: nftables tables, as nft names them.
        routes: ranges with a route.
        checks: commands that print `unchanged` while what they look after is in order.
        packages: packages: the installed version.
        package_command: prints names and versions of the packages in its arguments.
    """

    files: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    settings: dict[str, str] = Field(default_factory=dict)
    tables: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    package_command: str = "true"

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is asked."""
        return self == HostQuestions()

    def required(self) -> dict[str, str]:
        """Return the answers that are known without asking: a unit may still be starting when a step ends."""
        units = {f"unit {name}": RUNNING for name in self.units}
        checks = {f"check {words}": UNCHANGED for words in self.checks}
        return units | checks | {f"setting {name}": value for name, value in self.settings.items()}


def all_questions(parts: Iterable[HostQuestions]) -> HostQuestions:
    """Return the questions of several steps about one host as one."""
    listed = list(parts)
    joined: dict[str, tuple[str, ...]] = {
        name: tuple(dict.fromkeys(item for part in listed for item in getattr(part, name)))
        for name in ("files", "blocks", "names", "lines", "units", "tables", "routes", "checks", "packages")
    }
    settings = {name: value for part in listed for name, value in part.settings.items()}
    command = next((part.package_command for part in listed if part.packages), "true")
    return HostQuestions.model_validate({**joined, "settings": settings, "package_command": command})


def wrong_items(state: Mapping[str, str], digests: Mapping[str, str]) -> list[str]:
    """Return the items of a state that no role can have left: missing ones, and files with other content.

    Units, checks and kernel settings are left out: what they look after may still be starting.

    Args:
        state: the answers, by item.
        digests: the digests that files must have, by path.
    """
    missing = [item for item, answer in state.items() if answer == MISSING and item.split()[0] not in REQUIRED]
    files = {f"file {path}": wanted for path, wanted in digests.items()}
    other = [item for item, wanted in files.items() if not state.get(item, wanted).startswith(wanted)]
    return list(dict.fromkeys([*missing, *other]))
