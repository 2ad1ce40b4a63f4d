"""The steps of an installation, in order; an upgrade runs the same steps."""

from __future__ import annotations

from bedplate.apply.apply_layer import ApplyLayer
from bedplate.apply.check_hosts import CheckHosts
from bedplate.apply.configure_hosts import ConfigureHosts
from bedplate.apply.create_certificates import CreateCertificates
from bedplate.apply.installation import Installation
from bedplate.apply.join_workers import JoinWorkers
from bedplate.apply.publish_mirror import PublishMirror
from bedplate.apply.remove_namespaces import RemoveNamespaces
from bedplate.apply.run_hosts import RunHosts
from bedplate.apply.serve_mirror import ServeMirror
from bedplate.apply.start_control_plane import StartControlPlane
from bedplate.apply.step import Phase
from bedplate.render import layer_order


def phases(installation: Installation, hosts: RunHosts, *, is_installed: bool) -> list[Phase]:
    """Return the steps that bring an environment to its release, by phase and in order.

    Args:
        installation: environment and release.
        hosts: the hosts of the run.
        is_installed: whether the environment was installed before; what it owns on the hosts is then expected.
    """
    return [
        Phase("Preflight", (CheckHosts(installation, hosts, is_installed),)),
        Phase(
            "Bastion",
            (CreateCertificates(installation), PublishMirror(installation), ServeMirror(installation, hosts)),
        ),
        Phase(
            "Hosts",
            (
                ConfigureHosts(installation, hosts),
                StartControlPlane(installation, hosts),
                JoinWorkers(installation, hosts),
            ),
        ),
        Phase(
            "Cluster",
            (
                RemoveNamespaces(installation),
                *(ApplyLayer(installation, name) for name in layer_order.layer_names()),
            ),
        ),
    ]
