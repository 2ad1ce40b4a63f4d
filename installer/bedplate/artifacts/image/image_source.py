"""The source kind `image`: OCI images, whose recipes follow from the rest of the lock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from bedplate.artifacts.image.image_build import build_image, image_recipe, locked_wheels
from bedplate.artifacts.image.rootfs import locked_packages
from bedplate.artifacts.source_kind import Context, Resolution, SourceKind, Stage
from bedplate.config.component import Component, Image
from bedplate.config.release_lock import Entry, Output
from bedplate.core import oci
from bedplate.core.errors import BedplateError


class ImageSource(SourceKind):
    """The source kind `image`: OCI images made of packages and artifacts."""

    name = "image"
    stage = Stage.ASSEMBLE
    disk_estimate = 300_000_000
    is_served_as_file = False

    def resolve(self, context: Context) -> Resolution:
        """Return an entry for every declared image; outputs are known after a build."""
        return Resolution(
            [image_entry(image, component, context) for component, image in declared_images(context).values()]
        )

    def build(self, entry: Entry, context: Context) -> Output:
        """Build an image from artifacts, packages and wheels, and return its manifest."""
        if entry.id not in declared_images(context):
            raise BedplateError(entry.id, "is in the lock, but no component declares it", "run `bedplate lock`")
        component, image = declared_images(context)[entry.id]
        return build_image(image, component, context)

    def parts(self, blob: Path) -> list[Output]:
        """Return an image's configuration and layers."""
        return [Output(sha256=part.sha256, size=part.size) for part in oci.read(blob).blobs]

    def content_blobs(self, blob: Path) -> list[str]:
        """Return an image's layers."""
        return [layer.sha256 for layer in oci.read(blob).layers]

    def inputs(self, entry: Entry, context: Context) -> Iterator[Entry]:
        """Yield the packages, wheels and artifacts that an image is made of."""
        if entry.id not in (images := declared_images(context)):
            return
        _, image = images[entry.id]
        base = context.image_distribution
        sets = [] if image.debs is None else [[], image.debs]
        debs = [deb for roots in sets for deb in locked_packages(roots, base, context)]
        yield from {deb.id: deb for deb in debs}.values()
        yield from locked_wheels(image, context)
        for artifact in sorted({file.artifact for file in image.files if file.artifact}):
            yield context.entry(artifact)

    def file_name(self, entry: Entry, components: Mapping[str, Component]) -> str:
        """Return '': an image has a name of its own."""
        return ""


def declared_images(context: Context) -> dict[str, tuple[Component, Image]]:
    """Return every image with its component, by its id in the lock."""
    return {
        f"image:{image.name}:{image.tag}": (component, image)
        for component in context.components.values()
        for image in component.images
    }


def image_entry(image: Image, component: Component, context: Context) -> Entry:
    """Return an image's entry."""
    return Entry(
        id=f"image:{image.name}:{image.tag}",
        kind="image",
        pin={"name": image.name, "tag": image.tag},
        recipe=image_recipe(image, component, context),
        component=component.name,
    )


SOURCE_KIND = ImageSource()
