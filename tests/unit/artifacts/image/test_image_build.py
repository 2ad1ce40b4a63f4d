from __future__ import annotations

import functools
import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest
import zstandard

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.image import wheel_layer
from bedplate.artifacts.image.image_build import build_image, image_recipe
from bedplate.artifacts.image.layer import MEDIA_TYPE, ImageLayer, make_layer
from bedplate.artifacts.source_kind import Context
from bedplate.artifacts.tarball import TarEntry, write_tar
from bedplate.config.component import Component, Image
from bedplate.config.release_lock import Entry, Output
from bedplate.core import digest
from bedplate.core.errors import BedplateError, InputError
from factories.tiny_release import EPOCH, component, context, image
from factories.tiny_wheel import make_wheel


def _json(context: Context, sha256: str) -> Any:
    return json.loads(context.cache.blob(sha256).read_bytes())


def _layers(context: Context, output: Output) -> list[bytes]:
    """Return the tars of an image's layers."""
    manifest = _json(context, output.sha256)
    packed = [context.cache.blob(part["digest"].removeprefix("sha256:")).read_bytes() for part in manifest["layers"]]
    return [zstandard.ZstdDecompressor().decompress(data) for data in packed]


def _members(layer: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        return {member.name: member for member in tar}


def _artifact(context: Context, **files: str) -> Context:
    """Return the context with a built artifact go:tool, a tar of some files."""
    with context.cache.scratch() as folder:
        with (folder / "tar").open("wb") as out:
            entries = [TarEntry(name, 0o755, content=text.encode()) for name, text in files.items()]
            write_tar(entries, out, EPOCH)
        output = context.cache.add(folder / "tar", move=True)
    entry = Entry(id="go:tool", kind="go", pin={}, recipe="0" * 64)
    context.cache.remember(entry.recipe, output)
    return context.with_lock(context.lock.model_copy(update={"entries": [entry]}))


FILES = {"files": [{"artifact": "tool", "path": "bin/tool", "to": "/usr/local/bin/tool"}]}


def _scratch_image(folder: Path, **fields: Any) -> tuple[Image, Component, Context]:
    made = image(**{**FILES, "entrypoint": ["/usr/local/bin/tool"], "folders": {"/tmp": "1777"}, **fields})  # noqa: S108
    one = component(images=[made])
    return made, one, _artifact(context(folder, one), **{"bin/tool": "program", "files/crds/a.yaml": "a: 1"})


def test_layer_is_the_same_twice(tmp_path: Path) -> None:
    """Two separate caches give the same blob for the same members, in any order."""
    members = [TarEntry("b", content=b"2"), TarEntry("a", 0o755, folder=True), TarEntry("a/c", content=b"1" * 99999)]
    one = make_layer("x", lambda: members, Cache(tmp_path / "one"), EPOCH)
    two = make_layer("x", lambda: members[::-1], Cache(tmp_path / "two"), EPOCH)
    assert one == two


def test_layer_is_made_once(tmp_path: Path) -> None:
    """A layer whose recipe was made before is not made again, unless its blob is gone."""
    calls: list[int] = []

    def members() -> list[TarEntry]:
        calls.append(1)
        return [TarEntry("a", content=b"1")]

    cache = Cache(tmp_path)
    first: ImageLayer = make_layer("x", members, cache, EPOCH)
    assert make_layer("x", members, cache, EPOCH) == first
    cache.blob(first.sha256).unlink()
    assert make_layer("x", members, cache, EPOCH) == first
    assert len(calls) == 2


def test_image_is_what_oci_expects(tmp_path: Path) -> None:
    """Manifest and configuration have the specification's fields, and every digest and size is true."""
    made, one, where = _scratch_image(tmp_path, env={"MODE": "1"}, cmd=["serve"], workdir="/srv")
    output = build_image(made, one, where)
    manifest = _json(where, output.sha256)
    assert manifest["schemaVersion"] == 2
    assert manifest["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert [layer["mediaType"] for layer in manifest["layers"]] == [MEDIA_TYPE] * 2
    for part in [manifest["config"], *manifest["layers"]]:
        blob = where.cache.blob(part["digest"].removeprefix("sha256:"))
        assert (digest.of_file(blob), blob.stat().st_size) == (part["digest"][7:], part["size"])
    config = _json(where, manifest["config"]["digest"][7:])
    tars = _layers(where, output)
    assert config["rootfs"] == {
        "type": "layers",
        "diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}" for tar in tars],
    }
    assert (config["os"], config["architecture"], config["created"]) == ("linux", "amd64", "2026-11-01T00:00:00Z")
    assert config["config"]["User"] == "65532:65532"
    assert config["config"]["Entrypoint"] == ["/usr/local/bin/tool"]
    assert config["config"]["Cmd"] == ["serve"]
    assert config["config"]["WorkingDir"] == "/srv"
    assert config["config"]["Env"][0] == "MODE=1"
    assert config["config"]["Labels"]["org.opencontainers.image.vendor"] == "Bedplate"
    assert config["config"]["Labels"]["org.opencontainers.image.version"] == "v1"


def test_image_without_packages_has_accounts_files_and_folders(tmp_path: Path) -> None:
    """An image from scratch has two accounts, the program, and the declared folders with their modes."""
    output = build_image(*_scratch_image(tmp_path))
    accounts, files = (_members(tar) for tar in _layers(context(tmp_path), output))
    assert sorted(accounts) == ["etc", "etc/group", "etc/passwd"]
    assert {name: oct(member.mode) for name, member in files.items()} == {
        "tmp": "0o1777",
        "usr": "0o755",
        "usr/local": "0o755",
        "usr/local/bin": "0o755",
        "usr/local/bin/tool": "0o755",
    }
    assert all((m.uid, m.gid, m.mtime) == (0, 0, EPOCH) for m in files.values())


def test_image_is_built_once(tmp_path: Path) -> None:
    """A second build of the same recipe gives the same digest, and repairs a cache that lost a layer."""
    made, one, where = _scratch_image(tmp_path)
    output = build_image(made, one, where)
    layer = where.cache.image_blobs(output.sha256)[-1]
    where.cache.blob(layer).unlink()
    assert build_image(made, one, where) == output
    assert where.cache.has(layer)


def test_images_share_layers(tmp_path: Path) -> None:
    """Two images of one artifact differ only in manifest and configuration."""
    made, one, where = _scratch_image(tmp_path)
    other = made.model_copy(update={"name": "registry.lab.bedplate.test/other", "cmd": ["other"]})
    first, second = (where.cache.image_blobs(build_image(each, one, where).sha256) for each in (made, other))
    assert first[:2] != second[:2]
    assert first[2:] == second[2:]


@pytest.mark.parametrize(
    "change",
    [{"cmd": ["x"]}, {"env": {"A": "1"}}, {"folders": {"/tmp": "755"}}, {"user": "0"}, {"links": {"/a": "/b"}}],  # noqa: S108
)
def test_recipe_follows_the_declaration(tmp_path: Path, change: dict[str, Any]) -> None:
    """Each change of the declaration changes the recipe, before anything is built."""
    made, one, where = _scratch_image(tmp_path)
    assert image_recipe(made.model_copy(update=change), one, where) != image_recipe(made, one, where)


def test_folder_of_an_artifact_and_of_the_component(tmp_path: Path) -> None:
    """A folder of an artifact's tar, or of the component's own folder, goes below the declared place."""
    folder = {"artifact": "tool", "path": "files", "to": "/manifests"}
    made, one, where = _scratch_image(tmp_path, files=[folder, {"local": "etc", "to": "/etc/tool"}])
    (tmp_path / "tool/etc").mkdir(parents=True)
    (tmp_path / "tool/etc/tool.conf").write_text("a")
    names = _members(_layers(where, build_image(made, one, where))[-1])
    assert {"manifests/crds/a.yaml", "etc/tool/tool.conf"} <= set(names)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ({"artifact": "tool", "path": "bin/none", "to": "/x"}, "does not contain bin/none"),
        ({"artifact": "none", "to": "/x"}, "is not in the lock"),
        ({"local": "none", "to": "/x"}, "is not in the component's folder"),
    ],
)
def test_missing_content_is_named(tmp_path: Path, file: dict[str, str], words: str) -> None:
    """A file that nothing holds ends the build with its name."""
    made, one, where = _scratch_image(tmp_path, files=[file])
    with pytest.raises(BedplateError, match=words):
        build_image(made, one, where)


def test_wheels_need_python(tmp_path: Path) -> None:
    """An image with wheels and no packages is refused: nothing in it could run them."""
    made = image(wheels=["tiny"])
    one = component(images=[made])
    where = context(tmp_path, one, sets={"wheel:tiny": []})
    with pytest.raises(InputError, match="has wheels but no Python"):
        build_image(made, one, where)


@pytest.mark.filterwarnings("ignore:Skip installing")
def test_wheel_layer_is_an_environment(tmp_path: Path) -> None:
    """Wheels are unpacked as a virtual environment, the same twice, with commands and without compiled files."""
    wheel = shutil.copy(make_wheel(tmp_path, "tiny", "1.0"), tmp_path / "blob")
    layers = []
    for name in ("one", "two"):
        wheel_layer.unpack_wheels({"tiny-1.0-py3-none-any.whl": Path(wheel)}, tmp_path / name, (3, 11))
        found = list(wheel_layer.wheel_members(tmp_path / name))
        layers.append(make_layer("x", functools.partial(list, found), Cache(tmp_path / f"cache-{name}"), EPOCH))
    assert layers[0] == layers[1]
    names = {entry.name.removeprefix("opt/bedplate/python/"): entry for entry in found}
    assert "lib/python3.11/site-packages/tiny/__init__.py" in names
    assert "share/tiny/a.json" in names
    assert names["bin/python3"].link == "/usr/bin/python3"
    assert not [name for name in names if "__pycache__" in name]
    script = names["bin/tiny"]
    assert isinstance(script.content, Path)
    assert script.content.read_text().startswith("#!/opt/bedplate/python/bin/python3\n")
    assert script.mode == 0o755
