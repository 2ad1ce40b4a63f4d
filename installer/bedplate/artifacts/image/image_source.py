"""Images as a source: their recipes are known from the rest of the lock, their blobs are built from it."""

from __future__ import annotations

from bedplate.artifacts.image.image_build import build_image, image_recipe
from bedplate.artifacts.source import Context, Resolution
from bedplate.config.component import Component, Image
from bedplate.config.release_lock import Entry, Output
from bedplate.core.errors import BedplateError


class ImageSource:
    """The source kind `image`; resolved last, for an image is made of all the others."""

    def resolve(self, context: Context) -> Resolution:
        """Return an entry for every declared image; outputs are known after a build."""
        return Resolution(
            [image_entry(image, component, context) for component, image in declared_images(context).values()]
        )

    def build(self, entry: Entry, context: Context) -> Output:
        """Build an image from artifacts, packages and wheels; the output is its manifest."""
        if entry.id not in declared_images(context):
            raise BedplateError(entry.id, "is in the lock and in no component", "bedplate lock")
        component, image = declared_images(context)[entry.id]
        return build_image(image, component, context)


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
