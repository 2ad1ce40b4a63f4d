"""`bedplate mirror push`."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bedplate.bundle import verify_bundle
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.cli.publisher_option import publisher_keys
from bedplate.cli.transfer_progress import TransferProgress
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core.errors import InputError
from bedplate.core.sizes import human
from bedplate.registry import credentials
from bedplate.registry.client import Client
from bedplate.registry.credentials import Credentials
from bedplate.registry.push import PushResult, push
from bedplate.registry.pushable import PushableImages, pushable_images
from bedplate.registry.registry_address import RegistryAddress, parse_address
from bedplate.store.mirror_tree import store_releases

JOBS = 8


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    group = typer.Typer(help="The mirror: what a site serves its images from.", no_args_is_help=True)
    example = "bedplate mirror push /media/bundle harbor.site/bedplate --publisher bank --ca site-ca.pem"
    group.command("push", epilog=f"Example: {example}")(_push)
    group.callback()(_group)
    app.add_typer(group, name="mirror")


def _group() -> None:
    """Keep `push` a word of its own; with one command alone typer would drop it."""


def _push(  # noqa: PLR0913  each is an option people type
    source: Annotated[Path, typer.Argument(metavar="BUNDLE|STORE", help="A bundle's directory, or a bastion's store.")],
    registry: Annotated[
        str, typer.Argument(metavar="REGISTRY", help="HOST[:PORT][/PROJECT]; http:// before it for one without TLS.")
    ],
    *,
    publisher: Annotated[
        str, typer.Option(help="For a bundle: the publisher's public key, or an environment that pins it.")
    ] = "",
    release: Annotated[str, typer.Option(help="For a store: only this release.", show_default="all")] = "",
    prefix: Annotated[str, typer.Option(help="What all repositories' names begin with there.")] = "",
    ca: Annotated[Path | None, typer.Option(help="Certificates (PEM) that sign the registry's one.")] = None,
    user: Annotated[str, typer.Option(help="User; otherwise what docker or podman login kept.")] = "",
    password_file: Annotated[Path | None, typer.Option(help="File with the user's password.")] = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Connections side by side.")] = JOBS,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Bring all images into a registry of your own, under the names they have in Bedplate's mirror.

    Blobs that are there are not sent; a run that was stopped goes on where it was. Tags come last.
    """
    address = parse_address(registry)
    client = Client(address, _credentials(address, user, password_file), ca=ca)
    name = "/".join(part.strip("/") for part in (address.path, prefix) if part.strip("/"))
    parse_address(f"{address}/{name}")  # a wrong prefix is told before anything is read
    wanted = pushable_images(_releases(source, publisher, release), source, name)
    started = time.monotonic()
    with TransferProgress(Console(stderr=True), f"{address}", wanted.size) as shown:
        pushed = push(client, wanted, jobs=jobs, progress=shown.advance)
    seconds = time.monotonic() - started
    facts = {"registry": str(address), "prefix": name, "seconds": round(seconds, 3), "bytes": wanted.size}
    print_result({**facts, **asdict(pushed)}, output, _summary(address, wanted, pushed, seconds))


def _credentials(address: RegistryAddress, user: str, password_file: Path | None) -> Credentials | None:
    if bool(user) != bool(password_file):
        raise InputError("--user and --password-file", "belong together", "give both")
    return (
        credentials.from_password_file(user, password_file)
        if password_file
        else credentials.from_login_file(str(address))
    )


def _releases(source: Path, publisher: str, version: str) -> list[ReleaseFile]:
    """Return what is pushed: a bundle only once its signature and every byte are proven, as the store's were."""
    if (source / bundle_layout.MANIFEST).is_file():
        if not publisher:
            raise InputError(f"bundle {source}", "has to be verified first", "give --publisher KEY.pub, or ENV")
        verify_bundle.verify(source, publisher_keys(publisher))
        return [verify_bundle.read_release(source)]
    found = store_releases(source)
    chosen = [one for one in found if not version or one.release.partition("+")[0] == version]
    if not chosen:
        known = ", ".join(one.release for one in found) or "none"
        subject = f"release {version}" if version else f"folder {source}"
        raise InputError(subject, f"is neither a bundle nor in a store (releases there: {known})", "check the path")
    return chosen


def _summary(address: RegistryAddress, wanted: PushableImages, pushed: PushResult, seconds: float) -> str:
    rate = f", {human(pushed.sent_bytes / seconds)}/s" if pushed.sent else ""
    blobs = f"{pushed.sent} blobs sent ({human(pushed.sent_bytes)}), {pushed.mounted} mounted, {pushed.present} there"
    names = f"{pushed.tags} of {pushed.all_tags} tags set"
    return f"{address}: {blobs}; {names}; {human(wanted.size)} in all, {seconds:.1f} s{rate}"
