"""Build an image from locked packages and artifacts: layers, configuration and manifest, all in the cache.

Layers from bottom to top: the base (Debian's essential packages), the difference that the image's packages make,
its wheels, its files. An image without packages has two accounts instead of the first two. Layers depend only on
their content, so images share them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.image import image_config, image_files, wheel_layer
from bedplate.artifacts.image.layer import ImageLayer, make_layer
from bedplate.artifacts.image.layer_diff import image_tree, layer_difference
from bedplate.artifacts.image.rootfs import locked_packages, root_tar
from bedplate.artifacts.source_kind import Context
from bedplate.artifacts.tarball import TarEntry, content_digest, folder_entries
from bedplate.artifacts.wheel import wheel_source, wheel_target
from bedplate.config.component import Component, Image, ImageFile
from bedplate.config.release_lock import Entry, Output, set_name
from bedplate.core import digest
from bedplate.core.errors import BedplateError, InputError

FORM = 1
"""Part of every recipe here: raise it when the same inputs would give another image."""
ACCOUNTS = {
    "etc/passwd": "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n",
    "etc/group": "root:x:0:\nnonroot:x:65532:\n",
}


def build_image(image: Image, component: Component, context: Context) -> Output:
    """Build an image's manifest, configuration and layers into the cache, and return the manifest.

    What it is made of is fetched or built if the cache lacks it. Nothing is done if the cache has all blobs of an
    image of the same recipe.
    """
    recipe = image_recipe(image, component, context)
    if (known := context.cache.recall(recipe)) and is_whole(known, context.cache):
        return known
    layers = list(_layers(image, component, context))
    architecture, epoch = context.release.platform.architecture, context.release.epoch
    configuration = _add(image_config.image_configuration(image, component, layers, architecture, epoch), context)
    output = _add(image_config.image_manifest(image, component, configuration, layers), context)
    context.cache.remember(recipe, output)
    return output


def image_recipe(image: Image, component: Component, context: Context) -> str:
    """Return the digest of everything an image is made of; the lock alone determines it."""
    debian = context.image_distribution
    return digest.of(
        {
            "image": FORM,
            "declared": image.model_dump(),
            "component": [component.name, component.version, sorted(a.licence for a in component.artifacts)],
            "epoch": context.release.epoch,
            "architecture": context.release.platform.architecture,
            "artifacts": {file.artifact: context.entry(file.artifact).recipe for file in image.files if file.artifact},
            "local": {file.local: _local_digest(file, component, context) for file in image.files if file.local},
            "debs": _recipes(locked_packages(image.debs, debian, context)) if image.debs is not None else None,
            "base": _recipes(locked_packages([], debian, context)) if image.debs is not None else None,
            "wheels": _recipes(locked_wheels(image, context)),
        }
    )


def is_whole(output: Output, cache: Cache) -> bool:
    """Return whether the cache, which has the manifest, has every blob of an image."""
    return all(map(cache.has, cache.image_blobs(output.sha256)))


def locked_wheels(image: Image, context: Context) -> list[Entry]:
    """Return the locked closure of an image's requirements; none if it has no wheels."""
    if not image.wheels:
        return []
    name = set_name(wheel_target.KIND, image.wheels)
    if name not in context.lock.sets:
        raise BedplateError(f"wheel set {name}", "is not in the lock", "run `bedplate lock`")
    if not image.debs:
        raise InputError(f"image {image.name}", "has wheels but no Python", "add python3 to its debs")
    return [context.lock.by_id[entry_id] for entry_id in context.lock.sets[name]]


def _layers(image: Image, component: Component, context: Context) -> Iterator[ImageLayer]:
    yield from _system_layers(image, context)
    if wheels := locked_wheels(image, context):
        yield _wheel_layer(wheels, context)
    if image.files or image.links or image.folders:
        entries = image_files.file_members(image, component, context)
        recipe = {"files": [_identity(entry) for entry in sorted(entries, key=lambda entry: entry.name)]}
        yield make_layer(recipe, lambda: entries, context.cache, context.release.epoch)


def _system_layers(image: Image, context: Context) -> Iterator[ImageLayer]:
    cache, epoch = context.cache, context.release.epoch
    if image.debs is None:
        yield make_layer({"accounts": ACCOUNTS}, _accounts, cache, epoch)
        return
    base = root_tar([], context.image_distribution, context)
    yield make_layer({"base": base.name}, lambda: image_tree(base).values(), cache, epoch)
    if image.debs:
        whole = root_tar(image.debs, context.image_distribution, context)
        recipe = {"base": base.name, "whole": whole.name}
        yield make_layer(recipe, lambda: layer_difference(image_tree(base), image_tree(whole)), cache, epoch)


def _accounts() -> Iterable[TarEntry]:
    yield TarEntry("etc", 0o755, folder=True)
    yield from (TarEntry(name, content=text.encode()) for name, text in ACCOUNTS.items())


def _wheel_layer(wheels: list[Entry], context: Context) -> ImageLayer:
    source = wheel_source.WheelSource()
    with context.cache.scratch() as folder:

        def unpacked() -> Iterable[TarEntry]:
            files = {e.pin["filename"]: context.cache.blob(source.build(e, context).sha256) for e in wheels}
            wheel_layer.unpack_wheels(files, folder, context.image_distribution.python)
            return wheel_layer.wheel_members(folder)

        return make_layer({"wheels": _recipes(wheels)}, unpacked, context.cache, context.release.epoch)


def _identity(entry: TarEntry) -> list[Any]:
    kind = [entry.folder, entry.link, entry.hard, entry.mode, entry.uid, entry.gid]
    return [entry.name, *kind, content_digest(entry.content)]


def _recipes(entries: Iterable[Entry]) -> list[str]:
    return sorted(entry.recipe for entry in entries)


def _local_digest(file: ImageFile, component: Component, context: Context) -> Any:
    path = image_files.local_path(file, component, context)
    if path.is_file():
        return digest.of_file(path)
    return [_identity(entry) for entry in folder_entries(path)]


def _add(value: Any, context: Context) -> Output:
    return context.cache.add_bytes(digest.canonical(value))
