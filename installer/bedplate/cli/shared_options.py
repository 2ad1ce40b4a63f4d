"""Arguments and options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EnvironmentArgument = Annotated[
    str, typer.Argument(metavar="ENV", help="Name of an environment, or its folder, such as inventory/bank.")
]
BundleArgument = Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder of the bundle.")]
PublisherOption = Annotated[
    str,
    typer.Option(metavar="KEY|ENV", help="Public key of the publisher (a .pub file), or an environment with that key."),
]
SigningKeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key", metavar="FILE", help="Private key to sign with.", show_default="~/.local/state/bedplate/publisher/key"
    ),
]
SiteKeyOption = Annotated[
    str,
    typer.Option(
        "--site",
        metavar="FILE",
        help="Public key of the site (pki/site.pub).",
        show_default="from the environment's folder",
    ),
]
FromOption = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        envvar="BEDPLATE_FROM",
        metavar="CACHE",
        help="Binary cache to fetch artifacts from: a folder, bundle, http(s)://… or oci://…. Repeatable: the caches "
        "are tried in order. Everything fetched is verified.",
    ),
]
FromKeyOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Public key that signs the caches' indexes. Needed only while the lock lacks digests of outputs.",
    ),
]
ImageOption = Annotated[
    str,
    typer.Option(metavar="NAME", help="Only this image: its full name, or the end of it.", show_default="all"),
]
SummaryOption = Annotated[bool, typer.Option("--summary", help="Print only the totals.")]
CaOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="CA certificates (PEM) to verify the registry with."),
]
UserOption = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="User name at the registry.", show_default="as docker login or podman login stored it"
    ),
]
PasswordFileOption = Annotated[Path | None, typer.Option(metavar="FILE", help="File with the user's password.")]
