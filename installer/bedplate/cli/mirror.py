"""The command `bedplate mirror push`."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bedplate.bundle import verify_bundle
from bedplate.cli.command_groups import add_command, new_group
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.cli.publisher_keys import publisher_keys
from bedplate.cli.shared_options import CaOption, PasswordFileOption, PublisherOption, UserOption
from bedplate.cli.transfer_progress import TransferProgress
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core.errors import InputError
from bedplate.core.sizes import count_of, human
from bedplate.registry import credentials
from bedplate.registry.client import RegistryClient
from bedplate.registry.credentials import Credentials
from bedplate.registry.push import PushResult, push_images
from bedplate.registry.pushable import PushableImages, pushable_images
from bedplate.registry.registry_address import RegistryAddress, parse_address
from bedplate.store.mirror_tree import store_releases

JOBS = 8
EXIT_CODES = {0: "all images are in the registry", 1: "failed; run the same command again to resume", 2: "bad input"}
EXAMPLE = """bedplate mirror push /media/bundle harbor.site/bedplate \\
    --publisher bank --ca site-ca.pem"""


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    group = new_group("Copy a release's images into a registry of your own.")
    add_command(group, "push", _push, examples=EXAMPLE, exit_codes=EXIT_CODES)
    app.add_typer(group, name="mirror")


def _push(  # noqa: PLR0913  each is an option people type
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="Folder of a bundle, or a bastion's store.")],
    registry: Annotated[
        str, typer.Argument(metavar="REGISTRY", help="HOST[:PORT][/PROJECT], with http:// in front if it has no TLS.")
    ],
    *,
    publisher: PublisherOption = "",
    release: Annotated[
        str, typer.Option(metavar="VERSION", help="Push only this release of a store.", show_default="all")
    ] = "",
    prefix: Annotated[
        str, typer.Option(metavar="PATH", help="Path in the registry, in front of every repository.")
    ] = "",
    ca: CaOption = None,
    user: UserOption = "",
    password_file: PasswordFileOption = None,
    jobs: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, max=64, help="Number of parallel connections, 1 to 64.", show_default=str(JOBS)
        ),
    ] = JOBS,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Copy all images into a registry of your own.

    Keeps the names that the images have in Bedplate's mirror. Blobs that the registry already has are not sent again;
    tags are set last. A bundle is verified first, and needs --publisher.

    If the command is stopped, run it again: it resumes.
    """
    address = parse_address(registry)
    client = RegistryClient(address, _credentials(address, user, password_file), ca=ca)
    name = "/".join(part.strip("/") for part in (address.path, prefix) if part.strip("/"))
    parse_address(f"{address}/{name}")  # refuse a wrong prefix before anything is read
    wanted = pushable_images(_releases(source, publisher, release), source, name)
    started = time.monotonic()
    with TransferProgress(Console(stderr=True), f"{address}", wanted.size) as shown:
        pushed = push_images(client, wanted, jobs=jobs, progress=shown.advance)
    seconds = time.monotonic() - started
    facts = {"registry": str(address), "prefix": name, "seconds": round(seconds, 3), "bytes": wanted.size}
    print_result({**facts, **asdict(pushed)}, output, _summary(address, wanted, pushed, seconds))


def _credentials(address: RegistryAddress, user: str, password_file: Path | None) -> Credentials | None:
    if bool(user) != bool(password_file):
        raise InputError("--user and --password-file", "must be given together", "give both, or neither")
    return (
        credentials.from_password_file(user, password_file)
        if password_file
        else credentials.from_login_file(str(address))
    )


def _releases(source: Path, publisher: str, version: str) -> list[ReleaseFile]:
    """Return the releases to push; a bundle is verified first, as `install` verified what is in a store."""
    if (source / bundle_layout.MANIFEST).is_file():
        if not publisher:
            raise InputError(
                f"bundle {source}", "must be verified first", "give --publisher KEY.pub or --publisher ENV"
            )
        verify_bundle.verify(source, publisher_keys(publisher))
        return [verify_bundle.read_release(source)]
    stored = store_releases(source)
    chosen = [known for known in stored if not version or known.release.partition("+")[0] == version]
    if not chosen:
        if not stored:
            raise InputError(f"folder {source}", "is neither a bundle nor a store with releases", "check the path")
        known = ", ".join(release.release for release in stored)
        raise InputError(f"release {version}", f"is not in store {source} (releases there: {known})", "check --release")
    return chosen


def _summary(address: RegistryAddress, wanted: PushableImages, pushed: PushResult, seconds: float) -> str:
    rate = f", {human(pushed.sent_bytes / seconds)}/s" if pushed.sent else ""
    known = f"{pushed.mounted} mounted, {pushed.present} already there"
    blobs = f"{count_of(pushed.sent, 'blob')} sent ({human(pushed.sent_bytes)}), {known}"
    names = f"{pushed.tags} of {pushed.all_tags} tags set"
    return f"{address}: {blobs}; {names}; {human(wanted.size)} in total, {seconds:.1f} s{rate}"
