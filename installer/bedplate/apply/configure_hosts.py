"""Step "Configure hosts": packages, files, kernel settings and services of every host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bedplate.apply.play_step import PlayStep


@dataclass(frozen=True, slots=True)
class ConfigureHosts(PlayStep):
    """Every host's files, packages, settings, rules and services are as the roles left them."""

    id: ClassVar = "hosts"
    title: ClassVar = "Configure hosts"
    groups: ClassVar = ("bastion", "control_plane", "workers")
