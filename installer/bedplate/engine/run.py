"""One apply of an environment, from its lock to its last step."""

from __future__ import annotations

from rich.console import Console

from bedplate.bundle import installed
from bedplate.engine import installation, lock
from bedplate.engine.apply import Summary, apply, log_file
from bedplate.engine.ledger import Ledger
from bedplate.engine.phases import phases
from bedplate.engine.progress import Progress
from bedplate.environments import Site
from bedplate.preflight import owned


def run(site: Site, console: Console, *, every: bool = False) -> Summary:
    """Bring an environment to its release; what is done already is skipped.

    Args:
        site: the environment, on its bastion.
        console: where progress is shown.
        every: run the steps that are done, too.
    """
    one = installation.load(site)
    with lock.hold(site.lock, site.environment.name) as interrupted:
        if interrupted:
            console.print(f"the apply of {interrupted} was interrupted; going on from there")
        with console.status("prove the store"):
            installed.prove_blobs(one.installed, every=every)
        ledger = Ledger(one.ledger)
        try:
            listed = phases(one, ledgered=owned.ledgered(site))
            with Progress(sum(len(phase.steps) for phase in listed), console) as progress:
                return apply(
                    listed, ledger, progress, log_file(one.logs), release=one.release_file.release, every=every
                )
        finally:
            ledger.close()
