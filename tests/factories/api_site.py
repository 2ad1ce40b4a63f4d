"""Environments whose cluster is the API server of the tests, and their installations."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

from rich.console import Console

from bedplate.apply.apply_layer import ApplyLayer
from bedplate.apply.installation import Installation
from bedplate.apply.ledger import Ledger
from bedplate.apply.log_files import new_log_file
from bedplate.apply.run_steps import ApplySummary, run_phases
from bedplate.apply.step import Phase
from bedplate.apply.step_progress import Progress
from bedplate.artifacts.load_release import load_release
from bedplate.cluster import admin_kubeconfig
from bedplate.cluster.pulumi_resources import secrets_of
from bedplate.cluster.pulumi_stack import StackContent
from bedplate.cluster.stack_name import StackName
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.environments import Site
from bedplate.pki import secret_files, site_trust
from bedplate.render import layer_order
from bedplate.store.installed import InstalledRelease
from factories.api_server import ApiServer
from factories.render_site import make_site


def api_site(server: ApiServer, folder: Path, **settings: Any) -> Site:
    """Return an environment, with the administrator's kubeconfig where an apply keeps it.

    Args:
        server: its cluster.
        folder: the environment's folder.
        settings: fields of environment.yaml that differ from those of make_site.
    """
    site = make_site(folder, **settings)
    target = admin_kubeconfig.path(site)
    target.parent.mkdir(parents=True)
    shutil.copyfile(server.kubeconfig, target)
    return site


def installation(site: Site) -> Installation:
    """Return an environment's installation, with its certificates and secrets created."""
    catalog = load_release(site.environment.release)
    file = ReleaseFile(release=catalog.release.version, installer="0" * 64, artifacts=[], sets={})
    site_trust.ensure_trust(site)
    secret_files.ensure_secrets(site, catalog.components.values())
    return Installation(site, catalog, InstalledRelease(site.state / "store", file, ()))


def whole_layer(installed: Installation, layer: str) -> StackContent:
    """Return a stack of a whole layer, as older installers had."""
    objects = installed.layer(layer)
    return StackContent(StackName(layer), objects, secrets_of(objects), installed.catalog)


def apply_layers(installed: Installation, *, every: bool = False) -> ApplySummary:
    """Run the steps of `bedplate apply` that bring the cluster to the release.

    Args:
        installed: the environment and its release.
        every: run the steps that are done, too.
    """
    steps = tuple(ApplyLayer(installed, name) for name in layer_order.layer_names())
    ledger, log, version = Ledger(installed.site.ledger), new_log_file(installed.logs), installed.release_file.release
    try:
        with Progress(len(steps), Console(file=io.StringIO())) as progress:
            return run_phases([Phase("Cluster", steps)], ledger, progress, log, release=version, every=every)
    finally:
        ledger.close()
