"""One apply of an environment: take its lock, verify the store, run every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing

from rich.console import Console
from rich.text import Text

from bedplate.apply import installation
from bedplate.apply.check_inputs import check_inputs
from bedplate.apply.environment_lock import environment_lock
from bedplate.apply.ledger import Ledger
from bedplate.apply.log_files import new_log_file
from bedplate.apply.ready_nodes import nodes_without_host, wait_for_nodes
from bedplate.apply.release_change import refuse_change
from bedplate.apply.remove_namespaces import leaving_namespaces
from bedplate.apply.run_facts import read_run_facts
from bedplate.apply.run_hosts import choose_hosts
from bedplate.apply.run_steps import ApplySummary, run_phases
from bedplate.apply.step_progress import Progress
from bedplate.apply.steps import phases
from bedplate.config import environments
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from bedplate.hosts.preflight import ownership
from bedplate.store import installed


def run(  # noqa: PLR0913  each is an option
    site: Site,
    console: Console,
    *,
    every: bool = False,
    unsupported: bool = False,
    limit: Sequence[str] = (),
    confirm: Callable[[str], None] = lambda _: None,
) -> ApplySummary:
    """Bring an environment to its release; steps that are done are skipped.

    Args:
        site: the environment, on its bastion.
        console: where progress is shown.
        every: run the steps that are done, too.
        unsupported: also apply a downgrade, or an upgrade that the release does not list.
        limit: names of the hosts to configure; all if there are none.
        confirm: gets a question before something is removed, and raises an error if the answer is no.

    Raises:
        ErrorList: the release cannot be applied over what runs; nothing was changed.
        BedplateError: a step failed, the bastion or the control plane does not answer, or the environment's files were
            replaced since they were read.
    """
    with environment_lock(site.lock, site.environment.name) as interrupted:
        _refuse_replaced(site)
        loaded = installation.load(site)
        if interrupted:
            console.print(f"resuming the apply of {interrupted}, which was interrupted")
        with console.status("verifying the store"):
            installed.prove_blobs(loaded.installed, every=every)
        with console.status("rendering"):
            rendered = check_inputs(loaded)
        with closing(Ledger(site.ledger, read_run_facts(site))) as ledger:
            refuse_change(loaded, ledger, unsupported=unsupported)
            hosts = choose_hosts(site, ledger.hosts, limit, every=every)
            with console.status("contacting the hosts"):
                hosts.contact()
            for name, reason in hosts.reasons.items():
                console.print(Text(f"passing by {name}: {reason}"), soft_wrap=True)
            _confirm_removal(leaving_namespaces(site, rendered), console, confirm)
            ordered = phases(loaded, hosts, is_installed=ownership.is_installed(site))
            with Progress(sum(len(phase.steps) for phase in ordered), console) as progress:
                log = new_log_file(loaded.logs)
                version = loaded.release_file.release
                summary = run_phases(
                    ordered,
                    ledger,
                    progress,
                    log,
                    release=version,
                    every=every,
                    hosts=hosts,
                    wait_for_nodes=lambda: wait_for_nodes(hosts, progress.wait),
                )
            for name in nodes_without_host(site):
                text = f"node {name} is not in hosts.yaml; remove it with: kubectl delete node {name}"
                console.print(Text(text), soft_wrap=True)
            return summary


def _confirm_removal(namespaces: Sequence[str], console: Console, confirm: Callable[[str], None]) -> None:
    if namespaces:
        names = ", ".join(namespaces)
        console.print(Text(f"removing {names}: rights and pods end, volumes stay"), soft_wrap=True)
        confirm(f"End everything that runs in {names}?")


def _refuse_replaced(site: Site) -> None:
    """Raise BedplateError if a file of the environment is another one than was read before the lock was taken.

    While the lock is held, nobody can send another version, so the ledger's digest is that of what is applied.
    """
    if environments.load(site.folder) != site:
        fact = "was replaced by another version while this apply began"
        raise BedplateError(
            f"environment {site.environment.name}", fact, "look at the change and run the command again"
        )
