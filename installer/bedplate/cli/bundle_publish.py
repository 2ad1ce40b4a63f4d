"""`bedplate bundle publish`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.load_release import load_release
from bedplate.binary_cache import cache_address
from bedplate.binary_cache import publish as published
from bedplate.binary_cache.publish import CacheContents
from bedplate.build.build_bundle import default_key
from bedplate.bundle import publisher_signature, verify_bundle
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.cli.transfer_progress import TransferProgress
from bedplate.config import bundle_layout
from bedplate.core.errors import InputError
from bedplate.core.sizes import human
from bedplate.registry import credentials
from bedplate.registry.client import Client

EPILOG = "Example: bedplate bundle publish 2026.11.0 /srv/www/cache"


def add(group: typer.Typer) -> None:
    """Add the command to the group `bundle`."""
    group.command("publish", epilog=EPILOG)(_publish)


def _publish(  # noqa: PLR0913  each is an option people type
    what: Annotated[str, typer.Argument(metavar="RELEASE|BUNDLE", help="A release that was built here, or a bundle.")],
    to: Annotated[
        str, typer.Argument(metavar="TO", help="A folder that some web server serves, or oci://HOST/REPO[:TAG].")
    ],
    *,
    key: Annotated[Path | None, typer.Option(help="Private key for the index.", show_default="your own")] = None,
    earlier: Annotated[
        Path | None, typer.Option(help="For a folder: public keys that its index is signed by, if not by --key's.")
    ] = None,
    ca: Annotated[Path | None, typer.Option(help="For a registry: certificates (PEM) that sign its one.")] = None,
    user: Annotated[str, typer.Option(help="For a registry: user; else what docker login kept.")] = "",
    password_file: Annotated[Path | None, typer.Option(help="File with the user's password.")] = None,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Fill a binary cache: others build the release from it with --from, and wait minutes less.

    Artifacts lie there by digest, beside a signed index. What is there already is not written again.
    """
    stock, private, cache = _stock(what), key or default_key(), Cache()
    oci = to.startswith((cache_address.OCI, cache_address.OCI_PLAIN))
    with TransferProgress(Console(stderr=True), to, stock.size) as shown:
        if oci:
            address = cache_address.parse_artifact(to)[0].address
            chosen = (
                credentials.from_password_file(user, password_file)
                if password_file
                else credentials.from_login_file(str(address))
            )
            where = cache_address.parse_artifact(to, Client(address, chosen, ca=ca))
            written = published.publish_to_registry(stock, where, private, cache, shown.advance)
        else:
            public = "\n".join(
                [
                    publisher_signature.public_key(private),
                    *([publisher_signature.public_keys(earlier)] if earlier else []),
                ]
            )
            written = published.publish_to_folder(stock, Path(to), private, public, shown.advance)
    facts = {"to": to, "artifacts": len(stock.index.entries), "blobs": len(stock.blobs), "written": written}
    text = (
        f"{to}: {len(stock.index.entries)} artifacts, {len(stock.blobs)} blobs ({human(stock.size)}), {written} written"
    )
    print_result({**facts, "bytes": stock.size}, output, text)


def _stock(what: str) -> CacheContents:
    bundle = Path(what)
    if (bundle / bundle_layout.MANIFEST).is_file():
        version = verify_bundle.read_release(bundle).release
        if "+" in version:
            fact = f"is release {version}, whose lock is not the repository's"
            raise InputError(f"bundle {what}", fact, "publish the release that was built here")
        return published.contents_of_bundle(load_release(version), bundle)
    return published.contents_of_cache(load_release(what), Cache())
