"""`bedplate key`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bedplate.bundle import publisher_signature, ssh_signature
from bedplate.bundle.verify_bundle import refusals_as_errors
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.config import environments
from bedplate.config.environments import Site
from bedplate.core.errors import InputError
from bedplate.install.trusted_keys import read_keys
from bedplate.pki import site_key

NAMED = "{0:<10} {1:<50} {2}"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    group = typer.Typer(help="The keys that sign bundles, and what sites send.", no_args_is_help=True)
    group.command("new", epilog="Example: bedplate key new --out ~/keys/bedplate-publisher")(_new)
    group.command("show", epilog="Example: bedplate key show lab")(_show)
    app.add_typer(group, name="key")


def _new(
    out: Annotated[Path, typer.Option(help="File for the private key; FILE.pub gets the public one.")],
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Make a publisher's key (Ed25519, mode 0600). A file that exists is never overwritten.

    Every environment names the public half in `publisher:`. Keep the private half where you keep other signing keys.
    """
    public = publisher_signature.new_key(out)
    line = publisher_signature.public_key(out)
    text = f"private key: {out}\npublic key:  {public}\nin environment.yaml:\npublisher: {line}"
    print_result({"private": str(out), "public": str(public), "publisher": line}, output, text)


def _show(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="Name or folder of the environment.")],
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Show the public keys of an environment: the publisher's that it pins, and its own site key.

    Compare the fingerprints with whoever owns the keys by another way than the one by which the files came.
    """
    site = environments.load(environments.find(environment))
    with refusals_as_errors():
        pinned = read_keys(site.environment.publisher)
    publishers = [{"key": k.key, "fingerprint": ssh_signature.fingerprint(k.key), "when": k.options} for k in pinned]
    own = _site_key(site)
    rows = [("publisher", one["fingerprint"], one["when"]) for one in publishers]
    rows.append(
        ("site", own["fingerprint"], own["key"]) if own else ("site", "not made yet", "bedplate apply makes it")
    )
    text = "\n".join(NAMED.format(*row).rstrip() for row in rows)
    print_result({"environment": site.environment.name, "publisher": publishers, "site": own}, output, text)


def _site_key(site: Site) -> dict[str, str] | None:
    try:
        key = site_key.public_key(site)
    except InputError:
        return None
    return {"key": key, "fingerprint": ssh_signature.fingerprint(key)}
