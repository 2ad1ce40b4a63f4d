"""`bedplate bundle publish`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bedplate.artifacts.cache import Cache
from bedplate.binary_cache import cache_address
from bedplate.binary_cache import publish as published
from bedplate.binary_cache.publish import Stock
from bedplate.build.build_bundle import default_key
from bedplate.bundle import publisher_signature, verify_bundle
from bedplate.cli.printing import Output, OutputOption, show
from bedplate.cli.transfer_progress import Transfer
from bedplate.config import bundle_layout, catalog
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
    output: OutputOption = Output.TEXT,
) -> None:
    """Fill a binary cache: others build the release from it with --from, and wait minutes less.

    Artifacts lie there by digest, beside a signed index. What is there already is not written again.
    """
    stock, private, cache = _stock(what), key or default_key(), Cache()
    oci = to.startswith((cache_address.OCI, cache_address.OCI_PLAIN))
    with Transfer(Console(stderr=True), to, stock.size) as shown:
        if oci:
            address = cache_address.artifact(to)[0].address
            chosen = credentials.given(user, password_file) if password_file else credentials.kept(str(address))
            where = cache_address.artifact(to, Client(address, chosen, ca=ca))
            written = published.to_registry(stock, where, private, cache, shown.advance)
        else:
            public = "\n".join(
                [
                    publisher_signature.public_key(private),
                    *([publisher_signature.public_keys(earlier)] if earlier else []),
                ]
            )
            written = published.to_folder(stock, Path(to), private, public, shown.advance)
    facts = {"to": to, "artifacts": len(stock.index.entries), "blobs": len(stock.blobs), "written": written}
    text = (
        f"{to}: {len(stock.index.entries)} artifacts, {len(stock.blobs)} blobs ({human(stock.size)}), {written} written"
    )
    show({**facts, "bytes": stock.size}, output, text)


def _stock(what: str) -> Stock:
    bundle = Path(what)
    if (bundle / bundle_layout.MANIFEST).is_file():
        version = verify_bundle.read_release(bundle).release
        if "+" in version:
            fact = f"is release {version}, whose lock is not the repository's"
            raise InputError(f"bundle {what}", fact, "publish the release that was built here")
        return published.of_bundle(catalog.load(version), bundle)
    return published.of_cache(catalog.load(what), Cache())
