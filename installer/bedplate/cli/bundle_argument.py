"""The argument by which commands are told of a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

BundleArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The bundle's directory.")]
