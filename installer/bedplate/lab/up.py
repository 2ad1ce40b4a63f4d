"""``lab up``: from an empty machine to a checked platform; a second run goes on where the first stopped."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import yaml
from rich.console import Console

from bedplate.apply.step_progress import Progress, elapsed
from bedplate.artifacts import kinds, release_contents
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.image.rootfs import machine_root
from bedplate.artifacts.load_release import load_release
from bedplate.artifacts.relock import relock
from bedplate.artifacts.source_kind import Context
from bedplate.binary_cache.fill import BinaryCaches, fill_cache
from bedplate.build.build_bundle import build_bundle
from bedplate.config import environments
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.config.release_lock import Lock
from bedplate.core import command
from bedplate.core.errors import BedplateError
from bedplate.hosts import ssh
from bedplate.lab import ssh_keys
from bedplate.lab.container import MEDIA, ensure_machine
from bedplate.lab.lab_address import Lab, lab_lock, reserve_lab
from bedplate.lab.lab_environment import ensure_environment, template_folder
from bedplate.lab.lab_network import ensure_network
from bedplate.lab.machine_image import ensure_image
from bedplate.lab.prerequisites import ensure_prerequisites
from bedplate.remote import bastion, send

BUNDLE = "bundle"
PUBLISHER = "publisher"
STAGES = 5


@dataclass(slots=True)
class LabRun:
    """One run of ``lab up``.

    Attributes:
        lab: name and number.
        console: where progress is shown.
        progress: the moving line of the stages on this machine.
    """

    lab: Lab
    console: Console
    progress: Progress

    @contextmanager
    def stage(self, title: str, where: str) -> Iterator[None]:
        """Show a stage: what, where, how long."""
        self.progress.begin(title, where)
        try:
            yield
        except BaseException:
            self.progress.end("✗", "failed")
            raise
        self.progress.end("✓", "done")


def bring_up(lab: Lab, console: Console, origins: BinaryCaches | None = None) -> int:
    """Bring a lab up and run the acceptance run in it; returns the exit code of what ran inside.

    Args:
        lab: name and number.
        console: where progress is shown.
        origins: binary caches; what they have is not built.
    """
    with lab_lock(lab):
        # Once more: a `lab down` that ended meanwhile took its number away.
        return _up(reserve_lab(lab.name), console, origins or BinaryCaches())


def _up(lab: Lab, console: Console, origins: BinaryCaches) -> int:
    began = time.monotonic()
    with Progress(STAGES, console) as progress:
        progress.phase(f"Lab {lab.name}: {lab.network} on this machine")
        site = _outside(LabRun(lab, console, progress), origins)
    for title, run in (("Install the bundle on the bastion", install), ("Apply", apply), ("Acceptance run", verify)):
        console.print(f"[bold]{title}[/]")
        code = run(lab, site)
        if code != 0:
            console.print(f"[red]✗[/] {title} ended with {code} after {elapsed(time.monotonic() - began)}")
            return code
    console.print(f"[green]✓[/] lab {lab.name} is up, {elapsed(time.monotonic() - began)}. Next: bedplate lab status")
    return 0


def _outside(run: LabRun, origins: BinaryCaches) -> Site:
    """Do everything that happens on the developer's machine."""
    lab = run.lab
    cache = Cache()
    release = load_release(_release())
    locked = release.lock()
    with run.stage("Check prerequisites", "this machine"):
        ensure_prerequisites(run.progress.say, warm=bool(origins.ordered) or _is_built(release, cache))
        if origins.ordered:
            run.progress.say("binary caches")
            run.console.print(
                f"    {fill_cache(origins, kinds.build_context(release, cache), StageReporter(run))}", highlight=False
            )
    publisher = ssh_keys.ensure_key(lab.folder / PUBLISHER / "id_ed25519", f"publisher of lab {lab.name}")
    with run.stage("Build the bundle", str(cache.root)):
        lock = _lock(run, kinds.build_context(release, cache, locked))
        build_bundle(release, lab.folder / "media" / BUNDLE, publisher, lock=lock, reporter=StageReporter(run))
    site = ensure_environment(lab, ssh_keys.public_line(publisher), release.release.version)
    with run.stage("Build the machine image", "podman"):
        root = machine_root(kinds.build_context(release, cache, lock))
        image = ensure_image(root.sha256, lambda path: path.hardlink_to(cache.blob(root.sha256)))
    with run.stage("Create the network", f"{lab.network}, no route out"):
        ensure_network(lab)
    with run.stage("Start the machines", ", ".join(host.name for host in site.hosts)):
        for host in site.hosts:
            run.progress.say(host.name)
            ensure_machine(lab, site, host, image)
    return site


def _is_built(release: Catalog, cache: Cache) -> bool:
    """Return whether the cache has all that a site gets; what only images are made of is not needed any more."""
    lock = release.lock()
    needed = release_contents.carried(release.components, lock.entries, lock.sets)
    return all(entry.output and cache.has(entry.output.sha256) for entry in needed)


def _release() -> str:
    return str(yaml.safe_load((template_folder() / environments.ENVIRONMENT).read_text(encoding="utf-8"))["release"])


@dataclass(frozen=True, slots=True)
class StageReporter:
    """Turns the bundle's report into the moving line of a stage."""

    run: LabRun

    def begin(self, item: str) -> None:
        """Say what is made now."""
        self.run.progress.say(item)

    def end(self, item: str, fact: str) -> None:
        """Print what was made."""
        self.run.console.print(f"    {item}  [dim]{fact}[/]", highlight=False, soft_wrap=True)

    def note(self, text: str) -> None:
        """Print a line that must be seen."""
        self.run.console.print(f"    {text}", highlight=False)


def _lock(run: LabRun, context: Context) -> Lock:
    """Return the release's lock; packages that the repositories have dropped are resolved again, and named."""
    found = relock(context)
    for package, (old, new) in found.changed.items():
        run.console.print(f"    {package} {old} is gone from the repositories: {new or 'not needed any more'}")
    return found.lock


def install(lab: Lab, site: Site) -> int:
    """Run the bundle's own `install` on the bastion, as a site's people do when the disk has come in."""
    bastion = ssh.bastion(site)
    send.send_environment(site)
    key = site.environment.publisher + "\n"
    ssh.run(bastion, ["sh", "-c", "cat >/root/publisher.pub"], stdin=key.encode())
    media = f"{MEDIA}/{BUNDLE}"
    if ssh.run(bastion, ["test", "-f", f"{media}/install/__main__.py"], check=False).returncode != 0:
        raise BedplateError(
            f"bundle {media}", "is not to be seen in the bastion", f"bedplate lab down --name {lab.name}"
        )
    return command.run_in_terminal(
        ssh.argv(bastion, ["python3", f"{media}/install", "--publisher", "/root/publisher.pub"])
    )


def apply(_: Lab, site: Site) -> int:
    """Bring the environment to its release, from inside."""
    return bastion.forward(site, ["apply", site.environment.name, "--yes"])


def verify(_: Lab, site: Site) -> int:
    """Run the acceptance run, from inside."""
    code = bastion.forward(site, ["verify", site.environment.name])
    sys.stderr.write(f"report: {bastion.fetch_latest(site, 'log/acceptance')}\n")
    return code
