"""Image references in any text: by a registry's host, by an assignment to an `image`, or by a command that pulls.

Finding references is easy. Avoiding false ones is not: URLs, paths, media types, API groups, label keys, taints and
module paths look similar. So a text is split into words, and each word is judged by its host and tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bedplate.images import command_lines
from bedplate.images.image_name import WHOLE, normalize_image, parse_image, untagged_image
from bedplate.images.reference import Certainty, FoundImage

HINT = re.compile(r"[\w-][.:][\w:-]+/[a-z0-9]|(?i:image)|docker|podman|nerdctl|crictl|crane|ctr|FROM")
"""Text without any of these has no reference, which is true of most text."""
WORD = re.compile(r"[\w.:/@+~-]+")
SCHEME = re.compile(r"(?:docker|oci|docker-pullable|docker-daemon|containerd)://")
LEAD = re.compile(r"(?:[\w.-]*:)??-*(?=[\w.-]+(?:\.[\w-]+|:[0-9]+)+/)")
"""Prefix of a reference without a space between: `registry:`, or the `:-` of a shell's default."""
OPEN = "{$<%*("
"""Characters after a text that a program continues."""

KNOWN = re.compile(
    r"(?:[\w.-]+\.)?(?:docker\.io|quay\.io|gcr\.io|ghcr\.io|nvcr\.io|pkg\.dev|azurecr\.io|amazonaws\.com|icr\.io"
    r"|lscr\.io|cgr\.dev)|registry\.k8s\.io|mcr\.microsoft\.com|public\.ecr\.aws|docker\.elastic\.co"
    r"|registry\.(?:gitlab\.com|redhat\.io|access\.redhat\.com|suse\.com)|xpkg\.(?:upbound\.io|crossplane\.io)"
)
FLAT = re.compile(r"registry\.k8s\.io|mcr\.microsoft\.com|public\.ecr\.aws")
"""Registries in which a single name is an image; elsewhere it is an account."""
LIKE_REGISTRY = re.compile(r"(?:registry|docker|harbor|images?|oci|cr|mirror|nexus|artifactory)[\w-]*\..*|.*:[0-9]+")
ELSEWHERE = re.compile(
    r"(?:[\w.-]+\.)?(?:k8s\.io|kubernetes\.io|x-k8s\.io|github\.com|gitlab\.com|golang\.org|gopkg\.in|go\.dev"
    r"|googleapis\.com|uber\.org|w3\.org|json-schema\.org|terraform\.io)"
)
"""Hosts of modules, API groups, label keys and schemas."""
VERSION = re.compile(r"v?[0-9]+\.[0-9][\w.-]*|v[0-9][\w.-]*|[\w.-]*[0-9]+\.[0-9][\w.-]*|[0-9a-f]{12,40}|[0-9]{8}")
MOVING = ("latest", "stable", "main", "master", "edge", "nightly")
NO_TAG = ("NoSchedule", "NoExecute", "PreferNoSchedule", "ro", "rw", "z", "Z")
API_VERSION = re.compile(r"v[0-9]+(?:(?:alpha|beta)[0-9]+)?")

ASSIGNMENT = re.compile(
    r"(?i)(?<![\w])(?P<key>-{0,2}[\w.-]*image(?:[_-]?(?:name|ref|reference|uri))?)[\"']?"
    r"(?:\s*(?P<sign>:=|[:=])\s*|[ \t]+)[\"']?(?P<ref>[\w.:/@+-]+)"
)
SHELL_DEFAULT = re.compile(r"\$\{\w*IMAGE\w*:?[-=][\"']?(?P<ref>[\w.:/@+-]+)[\"']?\}")


def references(text: str) -> Iterator[FoundImage]:
    """Yield the references in a text once each; if two rules find the same, the more certain one."""
    if not HINT.search(text):
        return
    seen: set[str] = set()
    for found in (*_hosted(text), *_assigned(text), *command_lines.references(text)):
        if str(found.image) not in seen:
            seen.add(str(found.image))
            yield found


def _hosted(text: str) -> Iterator[FoundImage]:
    """Yield words that begin with a registry's host."""
    if "/" not in text:
        return
    for match in WORD.finditer(text):
        word = match[0]
        if "/" in word and (found := _word(word, text[match.end() : match.end() + 1])):
            yield found


def _word(word: str, following: str) -> FoundImage | None:
    scheme = SCHEME.match(word)
    rest = word[scheme.end() :] if scheme else word
    if "://" in rest or rest[0] in "/.":
        return None
    if not scheme and (lead := LEAD.match(rest)):
        rest = rest[lead.end() :]
    is_open = bool(following) and following in OPEN
    if is_open and not re.search(r"[^/]:[^/]*$", rest):
        return None  # the name is incomplete
    rest = re.sub(r":[^/:]*$", "", rest) if is_open else rest.rstrip(".:-")
    return _judged(rest, scheme=bool(scheme), is_open=is_open)


def _judged(text: str, *, scheme: bool, is_open: bool) -> FoundImage | None:
    match = WHOLE.fullmatch(text)
    host = match["host"] if match else None
    if match is None or host is None or match["tag"] in NO_TAG:
        return None
    if is_open:
        return FoundImage(untagged_image(text), text, Certainty.POSSIBLE) if KNOWN.fullmatch(host) else None
    if scheme and not match["tag"] and not match["digest"]:
        certainty: Certainty | None = Certainty.POSSIBLE  # often a path of many artifacts, such as charts
    elif scheme or match["digest"]:
        certainty = Certainty.CERTAIN
    else:
        certainty = _certainty(host, match["path"], match["tag"])
    return None if certainty is None else FoundImage(normalize_image(text), text, certainty)


def _certainty(host: str, path: str, tag: str | None) -> Certainty | None:
    if KNOWN.fullmatch(host):
        if not tag and "/" not in path and not FLAT.fullmatch(host):
            return None
        return Certainty.CERTAIN if tag else Certainty.LIKELY
    if not tag or ELSEWHERE.fullmatch(host) or API_VERSION.fullmatch(path):
        return None
    return Certainty.LIKELY if LIKE_REGISTRY.fullmatch(host) else _of_unknown_host(host, path, tag)


def _of_unknown_host(host: str, path: str, tag: str) -> Certainty | None:
    """Judge `example.org/team/app:1.2`: the tag must look like a version, and with a short name like a full one."""
    if not host.rpartition(".")[2].isalpha() or not (VERSION.fullmatch(tag) or tag in MOVING):
        return None
    if "/" in path:
        return Certainty.LIKELY
    return Certainty.POSSIBLE if re.search(r"[0-9]\.[0-9]", tag) else None


def _assigned(text: str) -> Iterator[FoundImage]:
    """Yield values assigned to an image: `image: a/b:1`, `IMAGE=a/b:1`, `--image a/b:1`, `${IMAGE:-a/b:1}`."""
    if "image" not in text.lower():
        return
    for match in (*ASSIGNMENT.finditer(text), *SHELL_DEFAULT.finditer(text)):
        ref, following = match["ref"], text[match.end() : match.end() + 1]
        is_open = following and following in f"{OPEN}["
        written = ref.rstrip(":.,")
        is_assigned = match.re is SHELL_DEFAULT or match["sign"] or match["key"].startswith("-")
        if is_assigned and not is_open and re.search(r"[/:]", written) and (image := parse_image(written)):
            is_tagged = re.search(r":[^/]+$|@", written)
            yield FoundImage(image, written, Certainty.LIKELY if is_tagged else Certainty.POSSIBLE)
