"""The commands `bedplate key new` and `bedplate key show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bedplate.bundle import publisher_signature, ssh_signature
from bedplate.bundle.verify_bundle import refusals_as_errors
from bedplate.cli.command_groups import add_command, new_group
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.cli.shared_options import EnvironmentArgument
from bedplate.config import environments
from bedplate.config.environments import Site
from bedplate.core.errors import InputError
from bedplate.install.trusted_keys import read_keys
from bedplate.pki import site_key

COLUMNS = "{0:<10} {1:<50} {2}"


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    group = new_group("Make a publisher's key; show the keys that an environment uses.")
    add_command(group, "new", _new, examples="bedplate key new --out ~/keys/bedplate-publisher")
    add_command(group, "show", _show, examples="bedplate key show lab")
    app.add_typer(group, name="key")


def _new(
    out: Annotated[Path, typer.Option(metavar="FILE", help="File for the private key; FILE.pub gets the public key.")],
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Make a publisher's key (Ed25519) that signs bundles.

    Put the public key into `publisher:` of every environment. Keep the private key where you keep your other signing
    keys. Never overwrites a file.
    """
    public = publisher_signature.new_key(out)
    line = publisher_signature.public_key(out)
    text = f"private key: {out}\npublic key:  {public}\nadd this to environment.yaml:\npublisher: {line}"
    print_result({"private": str(out), "public": str(public), "publisher": line}, output, text)


def _show(environment: EnvironmentArgument, output: OutputOption = OutputFormat.TEXT) -> None:
    """Show the publisher's keys and the site key of an environment.

    Compare the fingerprints with the owners of the keys out of band, not over the channel that brought the files.
    """
    site = environments.load(environments.find(environment))
    with refusals_as_errors():
        pinned = read_keys(site.environment.publisher)
    publishers = [{"key": k.key, "fingerprint": ssh_signature.fingerprint(k.key), "when": k.options} for k in pinned]
    own = _site_key(site)
    rows = [("publisher", known["fingerprint"], known["when"]) for known in publishers]
    missing = ("site", "not made yet", "`bedplate apply` makes it")
    rows.append(("site", own["fingerprint"], own["key"]) if own else missing)
    text = "\n".join(COLUMNS.format(*row).rstrip() for row in rows)
    print_result({"environment": site.environment.name, "publisher": publishers, "site": own}, output, text)


def _site_key(site: Site) -> dict[str, str] | None:
    try:
        key = site_key.public_key(site)
    except InputError:
        return None
    return {"key": key, "fingerprint": ssh_signature.fingerprint(key)}
