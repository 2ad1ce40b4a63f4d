"""An installation of the release in this repository in an invented environment, with certificates and secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bedplate.apply.installation import Installation
from bedplate.artifacts.load_release import load_release
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core import paths
from bedplate.pki import secret_files, site_trust
from bedplate.store.installed import InstalledRelease
from factories.host_release import release_file
from factories.render_site import RELEASE, make_site


def use_state(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Keep the state of environments in a folder."""
    patch.setattr(paths, "STATE", folder)


def make_installation(folder: Path, release: ReleaseFile | None = None, **changes: Any) -> Installation:
    """Return an installation; what it lacks of certificates and secrets is created.

    Args:
        folder: the environment's folder.
        release: what the bundle has; by default, everything in one version.
        changes: fields of environment.yaml that differ from those of make_site.
    """
    catalog, site = load_release(RELEASE), make_site(folder, **changes)
    site_trust.ensure_trust(site)
    secret_files.ensure_secrets(site, catalog.components.values())
    return Installation(site, catalog, InstalledRelease(folder / "store", release or release_file(catalog), ()))
