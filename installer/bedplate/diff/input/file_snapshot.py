"""Snapshots read from files: raw documents become resources; text in both snapshots is parsed at most once."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bedplate.core.errors import InputError, SourceLocation
from bedplate.kube import fast_identity, json_text, manifest_files, normalize, prefilter
from bedplate.kube.raw_document import DocumentForm, RawDocument
from bedplate.kube.snapshot import Resource, Snapshot

if TYPE_CHECKING:  # see kube/snapshot.py
    from bedplate.config.host_spec import HostSpec


class FileSnapshotReader:
    """Reads snapshots from raw documents and remembers what it has parsed."""

    def __init__(self, common: Collection[bytes] = ()) -> None:
        """Take the texts that both snapshots contain: they do not differ, so only their identities are read."""
        self._common = common
        self._known: dict[bytes, tuple[int, list[Resource]]] = {}

    def snapshot(self, name: str, raw_documents: list[RawDocument], shown: str) -> Snapshot:
        """Return a snapshot; raise InputError if the raw documents contain no object.

        Args:
            name: the name that the user gave.
            raw_documents: those of all its files.
            shown: its name in messages.
        """
        hosts = [_host(raw_document) for raw_document in raw_documents if raw_document.form is DocumentForm.HOST]
        found = (
            resource
            for raw_document in raw_documents
            if raw_document.form is not DocumentForm.HOST
            for resource in self._things(raw_document)
        )
        resources = normalize.by_identity(resource for resource in found if normalize.is_object(resource))
        if not (resources or hosts):
            raise InputError(
                "input", "contains no Kubernetes object", "for an empty snapshot, use /dev/null", SourceLocation(shown)
            )
        return Snapshot(name, resources, hosts={host.host: host for host in hosts})

    def _things(self, raw_document: RawDocument) -> Iterable[Resource]:
        if raw_document.text not in self._common:
            return normalize.resources_in(manifest_files.values_in(raw_document))
        known = self._known.get(raw_document.text)
        if known is None:
            quick = self._read_quickly(raw_document)
            found = [quick] if quick else list(normalize.resources_in(manifest_files.values_in(raw_document)))
            self._known[raw_document.text] = raw_document.before, found
            return found
        before, found = known
        return [_moved(resource, raw_document.file, raw_document.before - before) for resource in found]

    def _read_quickly(self, raw_document: RawDocument) -> Resource | None:
        identity = fast_identity.identity(raw_document)
        if identity is None:
            return None
        digest = hashlib.sha256(raw_document.text).hexdigest()
        return Resource(
            identity, digest, _LazyObject(raw_document), fast_identity.component(raw_document), raw_document.location
        )


class _LazyObject:
    """The object of a raw document, parsed on first access; both snapshots share it."""

    def __init__(self, raw_document: RawDocument) -> None:
        self._piece = raw_document

    def __call__(self) -> Any:
        """Return the object."""
        return self._parsed

    def mentions(self, words: Iterable[str]) -> bool:
        """Return whether the raw document may contain one of these words."""
        return prefilter.may_contain(self._piece.text, words)

    @cached_property
    def _parsed(self) -> Any:
        (resource,) = normalize.resources_in(manifest_files.values_in(self._piece))
        return resource.object


def _moved(resource: Resource, file: str, lines: int) -> Resource:
    """Return a resource at its location in another file, some lines further down."""
    return resource.at(SourceLocation(file, resource.location.line + lines if resource.location else 0))


def _host(raw_document: RawDocument) -> HostSpec:
    from pydantic import ValidationError  # noqa: PLC0415  see kube/snapshot.py

    from bedplate.config.host_spec import HostSpec  # noqa: PLC0415

    try:
        return HostSpec.model_validate(
            json_text.parse_line(raw_document.text, raw_document.file, raw_document.before + 1)
        )
    except ValidationError as error:
        first = error.errors()[0]
        fact = f"is not a HostSpec: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise InputError(
            "line", fact, "write the file again with `bedplate render --hosts`", raw_document.location
        ) from error
