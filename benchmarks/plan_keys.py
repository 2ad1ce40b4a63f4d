"""`python plan_keys.py ENVIRONMENT STATE`: computes what an apply knows before its first step, and prints its seconds.

That is every rendered object, every host's spec, and the key of every step, which decides whether it is skipped.
The secrets are created in the folder STATE first; that is not counted.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from bedplate.apply.installation import Installation
from bedplate.apply.run_hosts import RunHosts
from bedplate.apply.steps import phases
from bedplate.artifacts.load_release import load_release
from bedplate.config import environments
from bedplate.core import paths
from bedplate.pki.secret_files import ensure_secrets
from bedplate.pki.site_trust import ensure_trust
from bedplate.render.locked_digests import known_release_file
from bedplate.store.installed import InstalledRelease


def main(folder: Path) -> None:
    """Create the secrets, then print the seconds and the processor seconds of the plan."""
    site = environments.load(folder)
    catalog = load_release(site.environment.release)
    ensure_trust(site)
    ensure_secrets(site, catalog.components.values())
    began, used = time.monotonic(), time.process_time()
    site = environments.load(folder)
    loaded = Installation(site, catalog, InstalledRelease(paths.STORE, known_release_file(catalog), ()))
    ordered = phases(loaded, RunHosts(site), is_installed=True)
    keys = [step.key() for phase in ordered for step in phase.steps]
    seconds, processor = time.monotonic() - began, time.process_time() - used
    print(len(keys), f"{seconds:.3f}", f"{processor:.3f}")


if __name__ == "__main__":
    paths.STATE = Path(sys.argv[2])
    paths.STORE = paths.STATE / "store"
    main(Path(sys.argv[1]))
