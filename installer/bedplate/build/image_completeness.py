"""Check that every image that a rendered object or a component names is in the bundle."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bedplate.config.component import Component
from bedplate.core.errors import BedplateError
from bedplate.images.image_name import ImageName, normalize_image
from bedplate.images.scan import images_of
from bedplate.kube.change import path_text


@dataclass(frozen=True, slots=True)
class NamedImage:
    """An image, and where it is named.

    Attributes:
        image: the image.
        component: the component that names it.
        thing: the object or file.
        path: the path in it; may be empty.
        reason: why it counts as a reference.
    """

    image: ImageName
    component: str
    thing: str
    path: str
    reason: str = ""


def check_images(
    named: Iterable[NamedImage], bundled: Collection[str], components: Iterable[Component]
) -> list[BedplateError]:
    """Return an error for each image that is named and is neither in the bundle nor allowed to be absent.

    A name without a tag is in the bundle if its repository is: the scan also finds where the tag is set.

    Args:
        named: the images, from `images_of_object` and `images_of_component`.
        bundled: name:tag, or name:tag@digest, of the images in the bundle.
        components: the release's components, for their exceptions.
    """
    known = [normalize_image(image) for image in bundled]
    allowed = {(c.name, normalize_image(a.image).name) for c in components for a in c.allow if a.image}
    errors = {
        reference: _fact(reference.image, known)
        for reference in named
        if (reference.component, reference.image.name) not in allowed
    }
    return [_error(reference, fact) for reference, fact in errors.items() if fact]


def _fact(image: ImageName, known: Iterable[ImageName]) -> str:
    """Return what is wrong with an image, empty if it is in the bundle."""
    same = [reference for reference in known if reference.repository == image.repository]
    if image.tag and not (same := [reference for reference in same if reference.tag == image.tag]):
        return "is not in the bundle"
    digests = {reference.digest for reference in same if reference.digest}
    if same and image.digest and digests and image.digest not in digests:
        return "is in the bundle with another digest"
    return "" if same else "is not in the bundle"


def _error(item: NamedImage, fact: str) -> BedplateError:
    where = f"{item.thing}, {item.path}" if item.path else item.thing
    reason = f" ({item.reason})" if item.reason else ""
    step = f"add it to `images:` in manifests/{item.component}/component.yaml, or to `allow:` with a reason"
    return BedplateError(f"image {item.image}", f"{fact}; component {item.component} names it in {where}{reason}", step)


def images_of_component(component: Component) -> Iterator[NamedImage]:
    """Yield the images that a component declares: those it builds, and those that code names."""
    for image in component.images:
        yield NamedImage(
            normalize_image(f"{image.name}:{image.tag}"), component.name, "component.yaml", "images", "built"
        )
    for declared in component.references:
        yield NamedImage(normalize_image(declared.image), component.name, "component.yaml", "references", declared.why)


def images_of_object(component: str, thing: dict[str, Any]) -> Iterator[NamedImage]:
    """Yield the images that one rendered object names, each once per path."""
    metadata = thing.get("metadata", {})
    name = "/".join(filter(None, (thing.get("kind", ""), metadata.get("namespace", ""), metadata.get("name", ""))))
    for hit in images_of(thing):
        yield NamedImage(hit.image, component, name, path_text(hit.path), hit.reason)
