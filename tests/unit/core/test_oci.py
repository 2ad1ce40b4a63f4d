"""The blobs that an OCI manifest names."""

from __future__ import annotations

import json

from bedplate.core import oci

CONFIG, LAYER, FILE = "c" * 64, "a" * 64, "f" * 64


def test_an_image_has_a_configuration_and_layers() -> None:
    """Blobs are the configuration, then the layers from bottom to top; a file keeps its title."""
    layers = [
        oci.descriptor("layer", LAYER, 2),
        oci.descriptor(oci.FILE_TYPE, FILE, 3, {oci.TITLE: "kubectl"}),
    ]
    content = {"mediaType": "mine", "config": oci.descriptor(oci.CONFIG_TYPE, CONFIG, 1), "layers": layers}
    manifest = oci.parse(json.dumps(content).encode())
    assert manifest.media_type == "mine"
    assert manifest.blobs == (oci.Descriptor(CONFIG, 1), oci.Descriptor(LAYER, 2), oci.Descriptor(FILE, 3, "kubectl"))


def test_an_index_has_only_manifests() -> None:
    """An index names manifests, and no blob of its own."""
    named = [oci.descriptor(oci.MANIFEST_TYPE, LAYER, 2)]
    index = oci.parse(json.dumps({"mediaType": oci.INDEX_TYPE, "manifests": named}).encode())
    assert (index.manifests, index.blobs) == ((oci.Descriptor(LAYER, 2),), ())
