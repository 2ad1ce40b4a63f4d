"""Image references written in parts: registry, repository, name, tag and digest as separate values.

Used by: Helm values (registry, repository, tag, digest), NVIDIA's ClusterPolicy (repository, image,
version; joined by ImagePath in
https://github.com/NVIDIA/gpu-operator/blob/v25.3.0/internal/image/image.go), Prometheus' operator (baseImage,
version, tag, sha; https://github.com/prometheus-operator/prometheus-operator/blob/v0.84.0/pkg/operator/image.go),
Istio (hub, image, tag, also one or more levels above the image), kubeadm (imageRepository, a prefix, and imageTag),
KServe (image, defaultImageVersion), kustomize (name, newName, newTag, digest), Flux (url, ref.tag, ref.digest).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bedplate.images.image_name import HOST, WHOLE, normalize_image, parse_image, untagged_image
from bedplate.images.reference import Certainty, FoundImage

REGISTRY = ("registry", "imageRegistry", "hub")
REPOSITORY = ("repository", "imageRepository", "repo")
NAME = ("image", "imageName", "baseImage", "defaultImage", "name", "path")
NESTED = frozenset({"name", "path"})
"""Keys that are the name of an image only inside a mapping for an image."""
TAG = ("tag", "imageTag", "version", "imageVersion", "defaultImageVersion")
OTHER_TAGS = ("defaultGpuImageVersion",)
"""Tags of another variant of the same image, as in KServe's inferenceservice-config
(https://github.com/kserve/kserve/blob/v0.11.2/config/configmap/inferenceservice.yaml)."""
KUBEADM = {"local": "etcd", "dns": "coredns"}
"""Where kubeadm's imageRepository is a prefix, to the name that it adds
(https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/#kubeadm-k8s-io-v1beta4-ImageMeta)."""
DIGEST = ("digest", "imageDigest", "sha", "sha256")
TRIGGERS = frozenset(REPOSITORY + TAG + DIGEST + ("imageName", "baseImage", "newName", "newTag", "url")) - {
    "repo",
    "sha256",
}
"""A mapping without any of these keys has no reference in parts."""
OCI = "oci://"
LIKE_IMAGE = re.compile(r"(?i).*images?(?:spec|source|config)?")
SHA = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class JoinedParts:
    """A reference joined from parts.

    Attributes:
        found: the reference.
        key: the key of the part with the name.
        keys: the keys of all parts.
    """

    found: FoundImage
    key: str
    keys: tuple[str, ...]


def join_parts(value: Mapping[str, Any], parent: str) -> JoinedParts | None:
    """Return the reference that a mapping's values make together, or None.

    If the tag has a key but no value, a program adds the tag later; the reference then has no tag.

    Args:
        value: the mapping.
        parent: the key of the mapping, or empty.
    """
    if form := _of_known_form(value, parent):
        return form[0]
    registry, repository = _first(value, REGISTRY), _first(value, REPOSITORY)
    name = _name(value, parent, has_repository=bool(repository))
    if _is_whole(_text(value, name)) or "://" in _text(value, repository):
        return None
    tag, digest = _tag(value, name, repository), _digest(value)
    if not (_text(value, tag) or digest) and not _lacks_tag(value, parent, repository, name):
        return None
    keys = tuple(key for key in (registry, repository, name) if key)
    if keys in ((), (registry,)):
        return None
    base = "/".join(value[key].strip("/") for key in keys)
    return join_reference(base, _text(value, tag), digest, (*keys, *((tag,) if tag else ()), *DIGEST), keys[-1])


def _of_known_form(value: Mapping[str, Any], parent: str) -> tuple[JoinedParts | None] | None:
    """Return the reference in a form of Flux, kustomize or kubeadm; None for a mapping in another form."""
    if isinstance(value.get("ref"), dict) and str(value.get("url", "")).startswith(OCI):
        return (_of_oci(value["url"], value["ref"]),)
    if "newName" in value or "newTag" in value or ("digest" in value and parent == "images"):
        return (_of_kustomize(value),)
    if parent in KUBEADM and value.get("imageRepository") and not _first(value, NAME):
        return (_of_kubeadm(value, KUBEADM[parent]),)
    return None


def _first(value: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    return next((key for key in keys if isinstance(value.get(key), str) and value[key]), "")


def _name(value: Mapping[str, Any], parent: str, *, has_repository: bool) -> str:
    key = _first(value, NAME)
    if key in NESTED and (has_repository or not LIKE_IMAGE.fullmatch(parent)):
        return ""
    return key


def _tag(value: Mapping[str, Any], name: str, repository: str) -> str:
    """Return the key of the tag; `version` is a tag only next to a repository or a base image."""
    keys = TAG if repository or name == "baseImage" else tuple(key for key in TAG if key != "version")
    given = [key for key in keys if key in value and not isinstance(value[key], dict | list | bool)]
    return next((key for key in given if _text(value, key)), given[0] if given else "")


def _text(value: Mapping[str, Any], key: str) -> str:
    """Return a part as text, also if it is a number; empty without a key or a value."""
    part = value.get(key) if key else None
    return "" if part is None else str(part)


def _digest(value: Mapping[str, Any]) -> str:
    texts = [match[1] for key in DIGEST if isinstance(value.get(key), str) and (match := SHA.fullmatch(value[key]))]
    return f"sha256:{texts[0]}" if texts else ""


def _is_whole(name: str) -> bool:
    return bool(re.search(r":[^/]+$|@|://|\{", name))


def _lacks_tag(value: Mapping[str, Any], parent: str, repository: str, name: str) -> bool:
    """Return whether parts without a tag are still an image, whose tag is decided elsewhere."""
    if repository and name:
        return True
    tagless = any(key in value and value[key] in (None, "") for key in TAG)
    if name == "image":
        return any(value.get(key, "") is None for key in TAG)
    return bool(repository or name) and tagless and bool(LIKE_IMAGE.fullmatch(parent))


def join_reference(base: str, tag: str, digest: str, used: tuple[str, ...], key: str) -> JoinedParts | None:
    """Join a reference from its repository, tag and digest; None if the result is not a reference."""
    if SHA.fullmatch(tag) and tag.startswith("sha256:"):
        tag, digest = "", tag
    match = WHOLE.fullmatch(base)
    if match is None or match["tag"] or match["digest"] or ("." in base and re.fullmatch(HOST, base)):
        return None
    written = f"{base}{f':{tag}' if tag else ''}{f'@{digest}' if digest else ''}"
    if parse_image(written) is None:
        return None
    if not tag and not digest:
        certainty = Certainty.LIKELY if match["host"] else Certainty.POSSIBLE
        return JoinedParts(FoundImage(untagged_image(base), base, certainty), key, used)
    certainty = Certainty.CERTAIN if match["host"] or digest or "/" in base else Certainty.LIKELY
    return JoinedParts(FoundImage(normalize_image(written), written, certainty), key, used)


def other_variants(value: Mapping[str, Any], joined: JoinedParts) -> Iterator[JoinedParts]:
    """Yield the same image in other variants, whose tags are next to the main one's."""
    base = joined.found.written.partition("@")[0]
    base = re.sub(r":[^/]+$", "", base)
    for key in OTHER_TAGS:
        if _text(value, key) and (found := join_reference(base, _text(value, key), "", (key,), joined.key)):
            yield found


@dataclass(frozen=True, slots=True)
class SharedParts:
    """A registry and a tag that hold for the images below: Istio's hub and tag."""

    registry: str
    tag: str

    def join(self, name: str) -> FoundImage | None:
        """Return the reference of an image that is written as a bare name below."""
        joined = join_reference(f"{self.registry.strip('/')}/{name}", self.tag, "", (), "image")
        return joined.found if joined else None


def shared_parts(value: Mapping[str, Any]) -> SharedParts | None:
    """Return what a mapping, or its Helm values in `global`, says for the images below it."""
    for one in (value, value.get("global")):
        if isinstance(one, dict) and not _first(one, ("image", *REPOSITORY)):
            registry = _first(one, REGISTRY)
            tag = next((_text(one, key) for key in ("tag", "imageTag") if _is_plain(one.get(key))), "")
            if registry and tag:
                variant = _text(one, "variant") if _is_plain(one.get("variant")) else ""
                return SharedParts(one[registry], f"{tag}-{variant}" if variant else tag)
    return None


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""


def _of_kubeadm(value: Mapping[str, Any], name: str) -> JoinedParts | None:
    """Return the image of etcd or CoreDNS, whose name kubeadm appends to the repository."""
    base, tag = str(value["imageRepository"]).strip("/"), _text(value, "imageTag")
    return join_reference(f"{base}/{name}", tag, "", ("imageRepository", "imageTag"), "imageRepository")


def _of_kustomize(value: Mapping[str, Any]) -> JoinedParts | None:
    """Return the image with which kustomize's `images:` replaces a name."""
    key = "newName" if value.get("newName") else "name"
    base = value.get(key)
    if not isinstance(base, str):
        return None
    used = ("name", "newName", "newTag", "digest")
    return join_reference(base, _text(value, "newTag"), _digest(value), used, key)


def _of_oci(url: str, ref: Mapping[str, Any]) -> JoinedParts | None:
    """Return the artifact of Flux's OCIRepository (https://fluxcd.io/flux/components/source/ocirepositories/#reference)."""
    return join_reference(url.removeprefix(OCI), _text(ref, "tag"), _digest(ref), ("url",), "url")
