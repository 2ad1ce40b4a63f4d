"""The options by which commands are told of binary caches."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

FromOption = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        envvar="BEDPLATE_FROM",
        metavar="CACHE",
        help="Folder, bundle, http(s)://… or oci://… with artifacts; tried in order, none is trusted.",
    ),
]
FromKeyOption = Annotated[
    Path | None,
    typer.Option(help="Public key of whoever signs the caches' indices; needed only where the lock has no outputs."),
]
