"""The one ordered list of a whole installation; an upgrade runs the same."""

from __future__ import annotations

from bedplate.apply.apply_layer import ApplyLayer
from bedplate.apply.configure_hosts import Play, control_plane_answers, mirror_answers, nodes_are_there, services_run
from bedplate.apply.installation import Installation
from bedplate.apply.step import Phase
from bedplate.apply.trust import CheckHosts, CreateCertificates, PublishMirror
from bedplate.render import layer_order

EVERYWHERE = ("bastion", "control_plane", "workers")


def phases(one: Installation, *, is_installed: bool) -> list[Phase]:
    """Return what brings an environment to its release, in order.

    Args:
        one: environment and release.
        is_installed: the environment was installed before: what it owns is no leftover of another installation.
    """
    return [
        Phase("Before anything changes", (CheckHosts(one, is_installed),)),
        Phase(
            "Bastion",
            (
                CreateCertificates(one),
                PublishMirror(one),
                Play(one, "mirror", "Serve images, packages and files", ("bastion",), mirror_answers),
            ),
        ),
        Phase(
            "Hosts",
            (
                Play(one, "hosts", "Bring hosts to their state", EVERYWHERE, services_run),
                Play(one, "control-plane", "Bring up the control plane", ("control_plane",), control_plane_answers),
                Play(one, "workers", "Join workers", ("workers",), nodes_are_there),
            ),
        ),
        Phase("Cluster", tuple(ApplyLayer(one, name) for name in layer_order.layers())),
    ]
