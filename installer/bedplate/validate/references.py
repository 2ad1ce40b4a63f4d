"""Rules about what environment.yaml names: a release, overlays, keys, files, findings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bedplate.config import publisher_key
from bedplate.config.validation import suggestion
from bedplate.core import paths
from bedplate.core.errors import BedplateError, InputError, SourceLocation
from bedplate.hosts.preflight.rules import RULES as RULES_OF_PREFLIGHT
from bedplate.validate.context import ValidationContext, ValidationRule

DESTINATION = re.compile(r"^(?:[a-z_][a-z0-9_-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*$")
SYSTEM_FOLDERS = ("/bin", "/boot", "/dev", "/etc", "/lib", "/proc", "/root", "/run", "/sbin", "/sys", "/tmp", "/usr")  # noqa: S108  names only
SHORTEST_REASON = 10


def name(case: ValidationContext) -> Iterator[BedplateError]:
    """The environment is called as its folder is."""
    folder = case.folder.resolve().name
    if case.environment.name != folder:
        fact = f"is {case.environment.name}, and the folder is called {folder}"
        yield case.error(("name",), fact, "give both one name")


def release(case: ValidationContext) -> Iterator[BedplateError]:
    """The release exists in a tree."""
    known = [file.parent.name for tree in paths.search_path() for file in (tree / "releases").glob("*/release.yaml")]
    version = case.environment.release
    if version not in known:
        yield case.error(("release",), f"is {version}, which is in no tree's releases/", suggestion(version, known))


def profiles(case: ValidationContext) -> Iterator[BedplateError]:
    """Each overlay exists and is named once."""
    known = {folder.name for tree in paths.search_path() for folder in (tree / "overlays").glob("*") if folder.is_dir()}
    for index, profile in enumerate(case.environment.profiles):
        if profile not in known:
            fact = f"is {profile}, which is in no tree's overlays/"
            yield case.error(("profiles", index), fact, suggestion(profile, known, f"make overlays/{profile}/"))
        elif profile in case.environment.profiles[:index]:
            yield case.error(("profiles", index), f"is {profile}, which stands there already", "delete it")


def publisher(case: ValidationContext) -> Iterator[BedplateError]:
    """The publisher's key is an Ed25519 public key."""
    wrong = publisher_key.problem(case.environment.publisher)
    if wrong:
        step = "paste the one line of the publisher's *.pub file, which `bedplate key new` wrote"
        yield case.error(("publisher",), wrong, step)


def bastion_address(case: ValidationContext) -> Iterator[BedplateError]:
    """bastion.address is a destination for SSH."""
    address = case.environment.bastion.address
    if address and not DESTINATION.match(address):
        yield case.error(("bastion", "address"), f"is {address!r}, which is not [user@]host", "such as root@10.0.0.10")


def identity_file(case: ValidationContext) -> Iterator[BedplateError]:
    """bastion.identity exists on the machine where one types."""
    text = case.environment.bastion.identity
    if text and not case.on_bastion and not (case.folder / Path(text).expanduser()).is_file():
        fact = f"names the file {text}, which does not exist"
        yield case.error(("bastion", "identity"), fact, "make it with ssh-keygen, or mend the path")


def users_file(case: ValidationContext) -> Iterator[BedplateError]:
    """identity.users exists on the bastion; it holds hashes, so it is not carried around with this folder."""
    text, key_path = case.environment.identity.users, ("identity", "users")
    if text and not Path(text).is_absolute():
        step = "keep it on the bastion alone, such as /var/lib/bedplate/users.yaml"
        yield case.error(key_path, f"is {text!r}, which is not an absolute path on the bastion", step)
    elif text and case.on_bastion and not Path(text).is_file():
        yield case.error(key_path, f"names the file {text}, which does not exist", "write it, or mend the path")


def private_keys(case: ValidationContext) -> Iterator[BedplateError]:
    """No private key lies in the environment's folder, which is reviewed and carried around."""
    for path in sorted(case.folder.rglob("*")):
        if path.is_file() and b"PRIVATE KEY-----" in path.read_bytes()[:4096]:
            subject = f"file {path.relative_to(case.folder)}"
            step = "keep it on the bastion, in /var/lib/bedplate/<environment>/secrets/, and make a new one"
            yield InputError(
                subject, "holds a private key; this folder is for public things", step, SourceLocation(str(path), 1)
            )


def accepted(case: ValidationContext) -> Iterator[BedplateError]:
    """Each accepted finding is one that preflight can report, once, with a reason."""
    known = [rule.id for rule in RULES_OF_PREFLIGHT]
    accept = case.environment.preflight.accept
    for index, finding in enumerate(accept):
        key_path = ("preflight", "accept", index)
        if finding.id not in known:
            fact = f"is {finding.id}, which preflight never reports"
            yield case.error((*key_path, "id"), fact, suggestion(finding.id, known, "see docs/reference/preflight.md"))
        if finding.id in [other.id for other in accept[:index]]:
            yield case.error((*key_path, "id"), f"is {finding.id}, which is accepted already", "delete one of the two")
        if len(finding.reason.strip()) < SHORTEST_REASON:
            step = "write a sentence that an auditor understands"
            yield case.error((*key_path, "reason"), "does not say why", step)


def storage_path(case: ValidationContext) -> Iterator[BedplateError]:
    """Volumes get a folder of their own."""
    path = case.environment.storage.path
    inside_system = any(path == folder or path.startswith(f"{folder}/") for folder in SYSTEM_FOLDERS)
    if not path.startswith("/") or path.strip("/") == "" or inside_system or ".." in path.split("/"):
        step = "name a folder of its own, such as /var/lib/bedplate-volumes"
        yield case.error(("storage", "path"), f"is {path!r}, which is not a place for volumes", step)


RULES: tuple[ValidationRule, ...] = (
    name,
    release,
    profiles,
    publisher,
    bastion_address,
    identity_file,
    users_file,
    private_keys,
    accepted,
    storage_path,
)
