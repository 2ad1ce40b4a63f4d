"""`lab up`: from an empty machine to a tested platform; a second run resumes where the first stopped."""

from __future__ import annotations

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
from bedplate.remote import bastion, run_reports, send

BUNDLE = "bundle"
PUBLISHER = "publisher"
STAGES = 5


@dataclass(slots=True)
class LabRun:
    """One run of ``lab up``.

    Attributes:
        lab: name and number.
        console: where progress is shown.
        progress: the live line of the stages on this machine.
    """

    lab: Lab
    console: Console
    progress: Progress

    @contextmanager
    def stage(self, title: str, where: str) -> Iterator[None]:
        """Show a stage: what it does, where, and how long it took."""
        self.progress.begin(title, where)
        try:
            yield
        except BaseException:
            self.progress.end("✗", "failed")
            raise
        self.progress.end("✓", "done")


def bring_up(lab: Lab, console: Console, caches: BinaryCaches | None = None) -> int:
    """Create a lab, install the platform in it and run the acceptance tests; return the exit code of what ran inside.

    Args:
        lab: name and number.
        console: where progress is shown.
        caches: binary caches; artifacts that they have are not built.
    """
    with lab_lock(lab):
        # Reserved again, because a `lab down` that just finished has released its number.
        return _up(reserve_lab(lab.name), console, caches or BinaryCaches())


def _up(lab: Lab, console: Console, caches: BinaryCaches) -> int:
    started = time.monotonic()
    with Progress(STAGES, console) as progress:
        progress.phase(f"Prepare {lab.title} on this machine ({lab.network})")
        site = _prepare(LabRun(lab, console, progress), caches)
    for title, run in (("Install the bundle on the bastion", install), ("Apply", apply), ("Acceptance run", verify)):
        console.print(f"[bold]{title}[/]")
        code = run(lab, site)
        if code != 0:
            console.print(f"[red]✗[/] {title} failed with exit code {code} after {elapsed(time.monotonic() - started)}")
            return code
    took = elapsed(time.monotonic() - started)
    text = f"[green]✓[/] {lab.title} is up after {took}; to see its state, run: bedplate lab status{lab.option}"
    console.print(text, soft_wrap=True)  # so that the command can be copied
    return 0


def _prepare(run: LabRun, caches: BinaryCaches) -> Site:
    """Run the stages on the developer's machine; return the lab's environment."""
    lab = run.lab
    cache = Cache()
    release = load_release(_release())
    locked = release.lock()
    with run.stage("Check prerequisites", "this machine"):
        ensure_prerequisites(run.progress.say, warm=bool(caches.ordered) or _is_built(release, cache))
        if caches.ordered:
            run.progress.say("binary caches")
            run.console.print(
                f"    {fill_cache(caches, kinds.build_context(release, cache), StageReporter(run))}", highlight=False
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
    """Return whether the cache has everything that a bundle carries; parts of images are not needed any more."""
    lock = release.lock()
    needed = release_contents.carried(release.components, lock.entries, lock.sets)
    return all(entry.output and cache.has(entry.output.sha256) for entry in needed)


def _release() -> str:
    return str(yaml.safe_load((template_folder() / environments.ENVIRONMENT).read_text(encoding="utf-8"))["release"])


@dataclass(frozen=True, slots=True)
class StageReporter:
    """Reports the progress of a build in the live line of a stage."""

    run: LabRun

    def begin(self, item: str) -> None:
        """Show what is being built."""
        self.run.progress.say(item)

    def end(self, item: str, fact: str) -> None:
        """Print what was built."""
        self.run.console.print(f"    {item}  [dim]{fact}[/]", highlight=False, soft_wrap=True)

    def note(self, text: str) -> None:
        """Print a line that the user must see."""
        self.run.console.print(f"    {text}", highlight=False)


def _lock(run: LabRun, context: Context) -> Lock:
    """Return the release's lock; packages that are gone from the repositories are resolved again and printed."""
    relocked = relock(context)
    for package, (old, new) in relocked.changed.items():
        using = f"using {new}" if new else "it is not needed any more"
        run.console.print(f"    {package} {old} is gone from the repositories; {using}")
    return relocked.lock


def install(lab: Lab, site: Site) -> int:
    """Run the bundle's own `install` on the bastion, as the operators of a site do with the disk they received."""
    bastion = ssh.bastion(site)
    send.send_environment(site)
    key = site.environment.publisher + "\n"
    ssh.run(bastion, ["sh", "-c", "cat >/root/publisher.pub"], stdin=key.encode())
    media = f"{MEDIA}/{BUNDLE}"
    if ssh.run(bastion, ["test", "-f", f"{media}/install/__main__.py"], check=False).returncode != 0:
        raise BedplateError(
            f"bundle {media}",
            "is not visible on the bastion",
            f"re-create the lab: run `bedplate lab down{lab.option}`, then `bedplate lab up{lab.option}`",
        )
    return command.run_in_terminal(
        ssh.argv(bastion, ["python3", f"{media}/install", "--publisher", "/root/publisher.pub"])
    )


def apply(_: Lab, site: Site) -> int:
    """Run `bedplate apply` on the bastion."""
    return bastion.forward(site, ["apply", site.environment.name, "--yes"])


def verify(_: Lab, site: Site) -> int:
    """Run `bedplate verify` on the bastion, and copy its report here."""
    return run_reports.forward(site, ["verify", site.environment.name])
