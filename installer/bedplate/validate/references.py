"""Rules for what environment.yaml refers to: release, overlays, keys, files, accepted findings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bedplate.config import publisher_key
from bedplate.config.validation import suggestion
from bedplate.core import paths
from bedplate.core.errors import BedplateError, InputError, SourceLocation
from bedplate.hosts.preflight.rules import RULES as PREFLIGHT_RULES
from bedplate.validate.context import ValidationContext, ValidationRule

DESTINATION = re.compile(r"^(?:[a-z_][a-z0-9_-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*$")
SYSTEM_FOLDERS = ("/bin", "/boot", "/dev", "/etc", "/lib", "/proc", "/root", "/run", "/sbin", "/sys", "/tmp", "/usr")  # noqa: S108  names only
SHORTEST_REASON = 10


def check_name(context: ValidationContext) -> Iterator[BedplateError]:
    """The environment has the name of its folder."""
    folder = context.folder.resolve().name
    if context.environment.name != folder:
        fact = f"is {context.environment.name}, but the folder is {folder}"
        yield context.error(("name",), fact, "rename one of the two")


def check_release(context: ValidationContext) -> Iterator[BedplateError]:
    """The release exists in releases/."""
    known = [file.parent.name for tree in paths.search_path() for file in (tree / "releases").glob("*/release.yaml")]
    version = context.environment.release
    if version not in known:
        yield context.error(("release",), f"is {version}, which was not found in releases/", suggestion(version, known))


def check_profiles(context: ValidationContext) -> Iterator[BedplateError]:
    """Each overlay exists and is listed once."""
    known = {folder.name for tree in paths.search_path() for folder in (tree / "overlays").glob("*") if folder.is_dir()}
    for index, profile in enumerate(context.environment.profiles):
        if profile not in known:
            fact = f"is {profile}, which was not found in overlays/"
            yield context.error(("profiles", index), fact, suggestion(profile, known, f"create overlays/{profile}/"))
        elif profile in context.environment.profiles[:index]:
            yield context.error(("profiles", index), f"is {profile}, which is listed already", "delete it")


def check_publisher(context: ValidationContext) -> Iterator[BedplateError]:
    """The publisher's key is an Ed25519 public key."""
    wrong = publisher_key.problem(context.environment.publisher)
    if wrong:
        step = "paste the line in the publisher's *.pub file, written by `bedplate key new`"
        yield context.error(("publisher",), wrong, step)


def check_bastion_address(context: ValidationContext) -> Iterator[BedplateError]:
    """bastion.address is an SSH destination."""
    address = context.environment.bastion.address
    if address and not DESTINATION.match(address):
        yield context.error(
            ("bastion", "address"), f"is {address!r}, which is not [user@]host", "write it as in root@10.0.0.10"
        )


def check_identity_file(context: ValidationContext) -> Iterator[BedplateError]:
    """bastion.identity exists on the machine that runs the command."""
    text = context.environment.bastion.identity
    if text and not context.on_bastion and not (context.folder / Path(text).expanduser()).is_file():
        fact = f"names the file {text}, which does not exist"
        yield context.error(("bastion", "identity"), fact, "create it with ssh-keygen, or fix the path")


def check_users_file(context: ValidationContext) -> Iterator[BedplateError]:
    """identity.users exists on the bastion. It holds password hashes, so it does not travel with this folder."""
    text, key_path = context.environment.identity.users, ("identity", "users")
    if text and not Path(text).is_absolute():
        step = "keep it on the bastion only, for example in /var/lib/bedplate/users.yaml"
        yield context.error(key_path, f"is {text!r}, which is not an absolute path on the bastion", step)
    elif text and context.on_bastion and not Path(text).is_file():
        yield context.error(key_path, f"names the file {text}, which does not exist", "create it, or fix the path")


def check_private_keys(context: ValidationContext) -> Iterator[BedplateError]:
    """No private key is in the environment's folder, which is reviewed and copied between machines."""
    for path in sorted(context.folder.rglob("*")):
        if path.is_file() and b"PRIVATE KEY-----" in path.read_bytes()[:4096]:
            subject = f"file {path.relative_to(context.folder)}"
            folder = "/var/lib/bedplate/environments/<environment>/secrets/"
            step = f"replace the key, and keep the new one on the bastion, in {folder}"
            yield InputError(
                subject, "holds a private key; this folder is for public files", step, SourceLocation(str(path), 1)
            )


def check_accepted_findings(context: ValidationContext) -> Iterator[BedplateError]:
    """Each accepted finding is one that preflight can report, is listed once, and has a reason."""
    known = [rule.id for rule in PREFLIGHT_RULES]
    accept = context.environment.preflight.accept
    for index, finding in enumerate(accept):
        key_path = ("preflight", "accept", index)
        if finding.id not in known:
            fact = f"is {finding.id}, which preflight never reports"
            yield context.error(
                (*key_path, "id"), fact, suggestion(finding.id, known, "see docs/reference/preflight.md")
            )
        if finding.id in [other.id for other in accept[:index]]:
            yield context.error((*key_path, "id"), f"is {finding.id}, which is listed already", "delete one of the two")
        if len(finding.reason.strip()) < SHORTEST_REASON:
            step = "write a sentence that an auditor can follow"
            yield context.error((*key_path, "reason"), "does not say why", step)


def check_storage_path(context: ValidationContext) -> Iterator[BedplateError]:
    """Volumes have a folder of their own."""
    path = context.environment.storage.path
    inside_system = any(path == folder or path.startswith(f"{folder}/") for folder in SYSTEM_FOLDERS)
    if not path.startswith("/") or path.strip("/") == "" or inside_system or ".." in path.split("/"):
        step = "name a folder of its own, such as /var/lib/bedplate-volumes"
        yield context.error(("storage", "path"), f"is {path!r}, which volumes cannot use", step)


RULES: tuple[ValidationRule, ...] = (
    check_name,
    check_release,
    check_profiles,
    check_publisher,
    check_bastion_address,
    check_identity_file,
    check_users_file,
    check_private_keys,
    check_accepted_findings,
    check_storage_path,
)
