"""The closure: every image that a rendered object or a component names is in the bundle.

Looked at: image fields, arguments, environment variables, ConfigMap data (parsed where it is YAML or
JSON) and every other string of every object, and the references that component.yaml declares.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from bedplate.bundle import reference
from bedplate.bundle.reference import ImageName
from bedplate.errors import BedplateError
from bedplate.model.component import Component

Path = tuple[str, ...]
IMAGE_KEY = re.compile(r"(?i)(?:^|.*[a-z_-])?image$")
STRUCTURED = re.compile(r"(?i)\.(?:ya?ml|json)$")
FLAG = re.compile(r"--?([\w.-]*image)(?:=(.*))?", re.IGNORECASE)
PROSE = ("description", "summary")
"""Keys whose text is for people; schemas give images as examples there."""
PARTS = ("registry", "repository", "tag")


@dataclass(frozen=True, slots=True)
class Named:
    """An image, and where it is named."""

    image: ImageName
    component: str
    thing: str
    path: str


def check_closure(
    named: Iterable[Named], bundled: Collection[str], components: Iterable[Component]
) -> list[BedplateError]:
    """Return an error for each image that is named and is neither in the bundle nor allowed to be absent.

    Args:
        named: the images, from `images_of_object` and `images_of_component`.
        bundled: name:tag, or name:tag@digest, of the images in the bundle.
        components: the release's components, for their exceptions.
    """
    known = [reference.normal(image) for image in bundled]
    names, digests = {image.name for image in known}, {(image.name, image.digest) for image in known if image.digest}
    allowed = {(c.name, reference.normal(a.image).name) for c in components for a in c.allow}
    errors: dict[Named, BedplateError] = {}
    for item in named:
        if (item.component, item.image.name) in allowed:
            continue
        if item.image.name not in names:
            errors[item] = _error(item, "is not in the bundle")
        elif item.image.digest and digests and (item.image.name, item.image.digest) not in digests:
            errors[item] = _error(item, "is in the bundle with another digest")
    return list(errors.values())


def _error(item: Named, fact: str) -> BedplateError:
    where = f"{item.thing}, {item.path}" if item.path else item.thing
    step = f"declare it in manifests/{item.component}/component.yaml: images, or allow with a reason"
    return BedplateError(f"image {item.image}", f"{fact}; component {item.component} names it in {where}", step)


def images_of_component(component: Component) -> Iterator[Named]:
    """Yield the images a component declares: those it builds and those it says are in code."""
    for image in component.images:
        yield Named(reference.normal(f"{image.name}:{image.tag}"), component.name, "component.yaml", "images")
    for declared in component.references:
        yield Named(reference.normal(declared.image), component.name, "component.yaml", "references")


def images_of_object(component: str, thing: dict[str, Any]) -> Iterator[Named]:
    """Yield the images one rendered object names, each once per place."""
    metadata = thing.get("metadata", {})
    name = "/".join(filter(None, (thing.get("kind", ""), metadata.get("namespace", ""), metadata.get("name", ""))))
    seen: set[tuple[ImageName, Path]] = set()
    for image, path in images_in(thing):
        if (image, path) not in seen:
            seen.add((image, path))
            yield Named(image, component, name, ".".join(path))


def images_in(value: Any, path: Path = ()) -> Iterator[tuple[ImageName, Path]]:
    """Yield the images in any parsed value, with the place of each."""
    match value:
        case dict():
            yield from _in_mapping(value, path)
        case list():
            yield from _in_list(value, path)
        case str():
            yield from _in_text(value, path)


def _in_mapping(value: dict[str, Any], path: Path) -> Iterator[tuple[ImageName, Path]]:
    if isinstance(value.get("repository"), str) and value.get("tag"):
        parts = [part for part in (value.get("registry"), value["repository"]) if part]
        yield from _definite(f"{'/'.join(parts)}:{value['tag']}", (*path, "repository"))
        value = {key: item for key, item in value.items() if key not in PARTS}
    if isinstance(value.get("name"), str) and IMAGE_KEY.match(value["name"]) and isinstance(value.get("value"), str):
        yield from _definite(value["value"], (*path, value["name"]))
    for key, item in value.items():
        if key in PROSE and isinstance(item, str):
            continue
        if isinstance(item, str) and IMAGE_KEY.match(str(key)):
            yield from _definite(item, (*path, str(key)))
        else:
            yield from images_in(item, (*path, str(key)))


def _in_list(value: list[Any], path: Path) -> Iterator[tuple[ImageName, Path]]:
    for number, item in enumerate(value):
        place = (*path, str(number))
        flag = FLAG.fullmatch(item) if isinstance(item, str) else None
        following = value[number + 1] if number + 1 < len(value) else None
        given = flag[2] if flag and flag[2] is not None else following if flag else None
        if isinstance(given, str):
            yield from _definite(given, place)
        elif path and path[-1].lower().endswith("images") and isinstance(item, str):
            yield from _definite(item, place)
        yield from images_in(item, place)


def _in_text(text: str, path: Path) -> Iterator[tuple[ImageName, Path]]:
    documents = _documents(text) if path and STRUCTURED.search(path[-1]) else None
    if documents is not None:
        yield from images_in(documents, path)
        return
    for image in reference.inside(text):
        yield image, path


def _definite(text: str, path: Path) -> Iterator[tuple[ImageName, Path]]:
    if image := reference.whole(text.strip()):
        yield image, path
    else:
        yield from _in_text(text, path)


def _documents(text: str) -> list[Any] | None:
    try:
        documents = list(yaml.load_all(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError:
        return None
    return documents if any(isinstance(document, dict | list) for document in documents) else None
