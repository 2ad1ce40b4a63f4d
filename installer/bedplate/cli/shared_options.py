"""Arguments and options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EnvironmentArgument = Annotated[
    str, typer.Argument(metavar="ENV", help="Name of an environment in inventory/, or its folder.")
]
BundleArgument = Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder of the bundle.")]
PublisherOption = Annotated[
    str, typer.Option(metavar="KEY|ENV", help="Public key of the publisher (a .pub file), or an environment with it.")
]
SigningKeyOption = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help="Private key that signs.", show_default="your own")
]
SiteKeyOption = Annotated[
    str,
    typer.Option(
        "--site", metavar="FILE", help="Public key of the site (pki/site.pub).", show_default="that of the environment"
    ),
]
FromOption = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        envvar="BEDPLATE_FROM",
        metavar="CACHE",
        help="Binary cache to fetch artifacts from: a folder, bundle, http(s)://… or oci://…. Repeatable: the caches "
        "are tried in order. What they give is verified.",
    ),
]
FromKeyOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Public key that signs the caches' indexes. Needed only if the lock has no digests of outputs.",
    ),
]
SummaryOption = Annotated[bool, typer.Option("--summary", help="Print only the totals.")]
CaOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="CA certificates (PEM) that the registry's certificate is verified with."),
]
UserOption = Annotated[
    str, typer.Option(metavar="NAME", help="User of the registry.", show_default="as docker or podman login stored it")
]
PasswordFileOption = Annotated[Path | None, typer.Option(metavar="FILE", help="File with the user's password.")]
