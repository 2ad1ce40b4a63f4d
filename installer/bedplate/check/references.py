"""Rules about what environment.yaml names: a release, overlays, keys, files, findings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bedplate import place, publisher_key
from bedplate.check.case import Case, Rule
from bedplate.errors import BedplateError, InputError, Place
from bedplate.preflight.rules import RULES as RULES_OF_PREFLIGHT
from bedplate.schema import nearest

DESTINATION = re.compile(r"^(?:[a-z_][a-z0-9_-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*$")
SYSTEM_FOLDERS = ("/bin", "/boot", "/dev", "/etc", "/lib", "/proc", "/root", "/run", "/sbin", "/sys", "/tmp", "/usr")  # noqa: S108  names only
SHORTEST_REASON = 10


def name(case: Case) -> Iterator[BedplateError]:
    """The environment is called as its folder is."""
    folder = case.folder.resolve().name
    if case.environment.name != folder:
        fact = f"is {case.environment.name}, and the folder is called {folder}"
        yield case.error(("name",), fact, "give both one name")


def release(case: Case) -> Iterator[BedplateError]:
    """The release exists in a tree."""
    known = [file.parent.name for tree in place.trees() for file in (tree / "releases").glob("*/release.yaml")]
    version = case.environment.release
    if version not in known:
        yield case.error(("release",), f"is {version}, which is in no tree's releases/", nearest(version, known))


def profiles(case: Case) -> Iterator[BedplateError]:
    """Each overlay exists and is named once."""
    known = {folder.name for tree in place.trees() for folder in (tree / "overlays").glob("*") if folder.is_dir()}
    for index, profile in enumerate(case.environment.profiles):
        if profile not in known:
            fact = f"is {profile}, which is in no tree's overlays/"
            yield case.error(("profiles", index), fact, nearest(profile, known, f"make overlays/{profile}/"))
        elif profile in case.environment.profiles[:index]:
            yield case.error(("profiles", index), f"is {profile}, which stands there already", "delete it")


def publisher(case: Case) -> Iterator[BedplateError]:
    """The publisher's key is an Ed25519 public key."""
    wrong = publisher_key.problem(case.environment.publisher)
    if wrong:
        step = "paste the one line of the publisher's *.pub file, which `bedplate key new` wrote"
        yield case.error(("publisher",), wrong, step)


def bastion_address(case: Case) -> Iterator[BedplateError]:
    """bastion.address is a destination for SSH."""
    address = case.environment.bastion.address
    if address and not DESTINATION.match(address):
        yield case.error(("bastion", "address"), f"is {address!r}, which is not [user@]host", "such as root@10.0.0.10")


def named_files(case: Case) -> Iterator[BedplateError]:
    """Each file that environment.yaml names exists where that can be seen from here."""
    environment = case.environment
    files = (
        (("bastion", "identity"), environment.bastion.identity, not case.on_bastion),
        (("identity", "users"), environment.identity.users, case.on_bastion),
    )
    for location, text, visible in files:
        path = Path(text).expanduser()
        if text and (visible or not path.is_absolute()) and not (case.folder / path).is_file():
            place_text = text if path.is_absolute() else f"{text} in {case.folder.name}/"
            yield case.error(
                location, f"names the file {place_text}, which does not exist", "make it, or mend the path"
            )


def private_keys(case: Case) -> Iterator[BedplateError]:
    """No private key lies in the environment's folder, which is reviewed and carried around."""
    for path in sorted(case.folder.rglob("*")):
        if path.is_file() and b"PRIVATE KEY-----" in path.read_bytes()[:4096]:
            subject = f"file {path.relative_to(case.folder)}"
            step = "keep it on the bastion, in /var/lib/bedplate/<environment>/secrets/, and make a new one"
            yield InputError(
                subject, "holds a private key; this folder is for public things", step, Place(str(path), 1)
            )


def accepted(case: Case) -> Iterator[BedplateError]:
    """Each accepted finding is one that preflight can report, once, with a reason."""
    known = [rule.id for rule in RULES_OF_PREFLIGHT]
    accept = case.environment.preflight.accept
    for index, finding in enumerate(accept):
        location = ("preflight", "accept", index)
        if finding.id not in known:
            fact = f"is {finding.id}, which preflight never reports"
            yield case.error((*location, "id"), fact, nearest(finding.id, known, "see docs/reference/preflight.md"))
        if finding.id in [other.id for other in accept[:index]]:
            yield case.error((*location, "id"), f"is {finding.id}, which is accepted already", "delete one of the two")
        if len(finding.reason.strip()) < SHORTEST_REASON:
            step = "write a sentence that an auditor understands"
            yield case.error((*location, "reason"), "does not say why", step)


def storage_path(case: Case) -> Iterator[BedplateError]:
    """Volumes get a folder of their own."""
    path = case.environment.storage.path
    inside_system = any(path == folder or path.startswith(f"{folder}/") for folder in SYSTEM_FOLDERS)
    if not path.startswith("/") or path.strip("/") == "" or inside_system or ".." in path.split("/"):
        step = "name a folder of its own, such as /var/lib/bedplate-volumes"
        yield case.error(("storage", "path"), f"is {path!r}, which is not a place for volumes", step)


RULES: tuple[Rule, ...] = (
    name,
    release,
    profiles,
    publisher,
    bastion_address,
    named_files,
    private_keys,
    accepted,
    storage_path,
)
