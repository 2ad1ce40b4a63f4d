"""The command `bedplate bundle publish`."""

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
from bedplate.cli.command_groups import add_command
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.cli.shared_options import CaOption, PasswordFileOption, SigningKeyOption, UserOption
from bedplate.cli.transfer_progress import TransferProgress
from bedplate.config import bundle_layout
from bedplate.core.errors import InputError
from bedplate.core.sizes import count_of, human
from bedplate.registry import credentials
from bedplate.registry.client import RegistryClient
from bedplate.registry.credentials import Credentials

EXAMPLES = """bedplate bundle publish 2026.11.0 /srv/www/cache
bedplate bundle publish 2026.11.0 oci://registry.site/caches/bedplate"""
EXIT_CODES = {0: "the cache has the release", 1: "failed; run the same command again to resume", 2: "bad input"}


def add(group: typer.Typer) -> None:
    """Add the command to the group `bundle`."""
    add_command(group, "publish", _publish, examples=EXAMPLES, exit_codes=EXIT_CODES)


def _publish(  # noqa: PLR0913  each is an option people type
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="Release that was built here (version or folder), or a bundle.")
    ],
    target: Annotated[
        str, typer.Argument(metavar="CACHE", help="Folder that a web server serves, or oci://HOST/REPO[:TAG].")
    ],
    *,
    key: SigningKeyOption = None,
    earlier: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Public keys that signed the index in the folder so far, if not --key."),
    ] = None,
    ca: CaOption = None,
    user: UserOption = "",
    password_file: PasswordFileOption = None,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Fill a binary cache, so that others build in minutes.

    Others fetch artifacts from the cache with --from. The cache holds artifacts by digest, and a signed index. What
    it already holds is not written again.
    """
    contents, private, cache = _contents(source), key or default_key(), Cache()
    with TransferProgress(Console(stderr=True), target, contents.size) as progress:
        if target.startswith((cache_address.OCI, cache_address.OCI_PLAIN)):
            where = _registry(target, user, password_file, ca)
            written = published.publish_to_registry(contents, where, private, cache, progress.advance)
        else:
            keys = [publisher_signature.public_key(private)]
            keys += [publisher_signature.public_keys(earlier)] if earlier else []
            written = published.publish_to_folder(contents, Path(target), private, "\n".join(keys), progress.advance)
    entries, blobs = len(contents.index.entries), len(contents.blobs)
    facts = {"to": target, "artifacts": entries, "blobs": blobs, "written": written}
    counts = f"{count_of(entries, 'artifact')}, {count_of(blobs, 'blob')}"
    text = f"{target}: {counts} ({human(contents.size)}), {written} written"
    print_result({**facts, "bytes": contents.size}, output, text)


def _registry(target: str, user: str, password_file: Path | None, ca: Path | None) -> tuple[RegistryClient, str, str]:
    """Return a client of the registry that a target names, the repository and the tag."""
    address = cache_address.parse_artifact(target)[0].address
    if password_file:
        chosen: Credentials | None = credentials.from_password_file(user, password_file)
    else:
        chosen = credentials.from_login_file(str(address))
    return cache_address.parse_artifact(target, RegistryClient(address, chosen, ca=ca))


def _contents(source: str) -> CacheContents:
    bundle = Path(source)
    if (bundle / bundle_layout.MANIFEST).is_file():
        version = verify_bundle.read_release(bundle).release
        if "+" in version:
            fact = f"is release {version}, which was locked again after its release"
            raise InputError(f"bundle {source}", fact, "publish a release that was built here")
        return published.contents_of_bundle(load_release(version), bundle)
    return published.contents_of_cache(load_release(source), Cache())
