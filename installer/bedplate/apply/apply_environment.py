"""One apply of an environment, from its lock to its last step."""

from __future__ import annotations

from rich.console import Console

from bedplate.apply import environment_lock, installation
from bedplate.apply.ledger import Ledger
from bedplate.apply.phases import phases
from bedplate.apply.run_steps import ApplySummary, apply, log_file
from bedplate.apply.step_progress import Progress
from bedplate.config.environments import Site
from bedplate.hosts.preflight import ownership
from bedplate.store import installed


def run(site: Site, console: Console, *, every: bool = False) -> ApplySummary:
    """Bring an environment to its release; what is done already is skipped.

    Args:
        site: the environment, on its bastion.
        console: where progress is shown.
        every: run the steps that are done, too.
    """
    one = installation.load(site)
    with environment_lock.hold(site.lock, site.environment.name) as interrupted:
        if interrupted:
            console.print(f"the apply of {interrupted} was interrupted; going on from there")
        with console.status("prove the store"):
            installed.prove_blobs(one.installed, every=every)
        ledger = Ledger(one.ledger)
        try:
            listed = phases(one, is_installed=ownership.is_installed(site))
            with Progress(sum(len(phase.steps) for phase in listed), console) as progress:
                return apply(
                    listed, ledger, progress, log_file(one.logs), release=one.release_file.release, every=every
                )
        finally:
            ledger.close()
