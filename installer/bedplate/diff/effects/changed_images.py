"""Images that changed, with the bytes that the new bundle must carry and that a node must pull."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bedplate.diff.effects.effect_finding import ImageChange
from bedplate.diff.rules import pod_paths
from bedplate.images.image_name import ImageName, parse_image
from bedplate.images.reference import Certainty
from bedplate.images.scan import images_of
from bedplate.kube.change import Changes, ObjectChange, path_text
from bedplate.kube.snapshot import ImageFacts, Resource, Snapshot


class ImageVersion(NamedTuple):
    """An image's repository, and its tag and digest as written after it."""

    repository: str
    tag: str


def changed_images(old: Snapshot, new: Snapshot, changes: Changes) -> tuple[ImageChange, ...]:
    """Return the images that differ, by repository.

    Only changed objects are searched. Whether an image is new or no longer used is then checked in all workloads.
    """
    pairs: set[tuple[ImageVersion | None, ImageVersion | None]] = set()
    for change in changes.objects:
        pairs |= _pairs(_named(change.old), _named(change.new)) | _at_one_place(change)
    moved = {pair for pair in pairs if None not in pair}
    same = {pair[0] for pair in pairs if pair[1] is None} & {pair[1] for pair in pairs if pair[0] is None}
    pairs = {pair for pair in pairs if pair not in {(one, None) for one in same} | {(None, one) for one in same}}
    gone = {pair[0] for pair in pairs if pair[1] is None} - {pair[0] for pair in moved}
    come = {pair[1] for pair in pairs if pair[0] is None} - {pair[1] for pair in moved}
    # An image that one object drops and another adds in another version is one change.
    for before in sorted(gone, key=str):
        if before and (
            after := next((v for v in sorted(come, key=str) if v and v.repository == before.repository), None)
        ):
            moved.add((before, after))
            gone, come = gone - {before}, come - {after}
    everywhere = _workloads(new, gone), _workloads(old, come)
    moved |= {(one, None) for one in gone - everywhere[0]} | {(None, one) for one in come - everywhere[1]}
    return tuple(sorted((_change(old, new, *pair) for pair in moved), key=lambda one: (one.name, one.old, one.new)))


def _named(resource: Resource | None) -> dict[str, ImageVersion]:
    """Return the images that an object names, by path."""
    found: dict[str, ImageVersion] = {}
    for hit in images_of(resource.object) if resource else ():
        one, place = version(hit.image), path_text(hit.path)
        while place in found and found[place] != one:
            place += "+"  # several images in one text
        if hit.certainty > Certainty.POSSIBLE and one.tag:
            found[place] = one
    return found


def _at_one_place(change: ObjectChange) -> set[tuple[ImageVersion | None, ImageVersion | None]]:
    """Pair the images of one field, even if another field keeps the old version or already had the new one."""
    found: set[tuple[ImageVersion | None, ImageVersion | None]] = set()
    for one in change.changes:
        if one.path[-1:] == ("image",) and isinstance(one.old, str) and isinstance(one.new, str):
            old, new = parse_image(one.old), parse_image(one.new)
            if old and new and old.repository == new.repository:
                found.add((version(old), version(new)))
    return found


def _pairs(
    old: dict[str, ImageVersion], new: dict[str, ImageVersion]
) -> set[tuple[ImageVersion | None, ImageVersion | None]]:
    """Pair the images of one object's two states by repository, and by path where there are several."""
    before, after = {*old.values()} - {*new.values()}, {*new.values()} - {*old.values()}
    pairs: set[tuple[ImageVersion | None, ImageVersion | None]] = set()
    for repository in {one.repository for one in before | after}:
        olds, news = _of(before, repository), _of(after, repository)
        placed = {(old[p], new[p]) for p in old.keys() & new.keys() if old[p] in olds and new[p] in news}
        used = {one for pair in placed for one in pair}
        rest = [one for one in olds if one not in used], [one for one in news if one not in used]
        pairs |= placed
        pairs |= {*zip(*rest, strict=False)}
        shared = min(len(rest[0]), len(rest[1]))
        pairs |= {(one, None) for one in rest[0][shared:]} | {(None, one) for one in rest[1][shared:]}
    return pairs


def _of(versions: Iterable[ImageVersion], repository: str) -> list[ImageVersion]:
    return sorted(one for one in versions if one.repository == repository)


def version(image: ImageName) -> ImageVersion:
    """Return an image's repository and version."""
    return ImageVersion(image.repository, "@".join(filter(None, (image.tag, image.digest))))


def _workloads(snapshot: Snapshot, wanted: Iterable[ImageVersion | None]) -> set[ImageVersion]:
    """Return the container images of all workloads that may use a wanted one."""
    words = frozenset(one.repository.rpartition("/")[2] for one in wanted if one)
    if not words:
        return set()
    written = {
        container.get("image")
        for resource in snapshot.resources.values()
        if pod_paths.template(resource) is not None and resource.mentions(words)
        for container in pod_paths.containers(pod_paths.spec(resource) or {})
    }
    return {version(image) for text in written if isinstance(text, str) and (image := parse_image(text))}


def _change(old: Snapshot, new: Snapshot, before: ImageVersion | None, after: ImageVersion | None) -> ImageChange:
    had, needed = _facts(old, before), _facts(new, after)
    return ImageChange(
        name=(after or before or ImageVersion("", "")).repository,
        old=before.tag if before else "",
        new=after.tag if after else "",
        carry=_size(needed, old.blobs) if needed and old.blobs else None,
        pull=_size(needed, had.blobs if had else {}) if needed and (had or before is None) else None,
    )


def _facts(snapshot: Snapshot, wanted: ImageVersion | None) -> ImageFacts | None:
    if wanted is None:
        return None
    tag = wanted.tag.partition("@")[0]
    facts = snapshot.images.get(f"{wanted.repository}:{tag}")
    return facts if facts and facts.blobs else None


def _size(facts: ImageFacts, there: Iterable[str]) -> int:
    known = {*there}
    return sum(size for digest, size in facts.blobs.items() if digest not in known)
