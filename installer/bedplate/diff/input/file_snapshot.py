"""Sides that are files: pieces become things; what stands on both sides word for word is parsed at most once."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bedplate.core.errors import InputError, SourceLocation
from bedplate.kube import fast_identity, json_text, manifest_files, normalize, prefilter
from bedplate.kube.raw_document import DocumentForm, RawDocument
from bedplate.kube.snapshot import Resource, Snapshot

if TYPE_CHECKING:  # see side
    from bedplate.config.host_spec import HostSpec


class Reader:
    """Makes things out of pieces and remembers what it has parsed."""

    def __init__(self, common: Collection[bytes] = ()) -> None:
        """Take the texts that stand on both sides: as no diff depends on them, a glance is enough."""
        self._common = common
        self._known: dict[bytes, tuple[int, list[Resource]]] = {}

    def side(self, name: str, pieces: list[RawDocument], shown: str) -> Snapshot:
        """Return a side; InputError where the pieces hold no object.

        Args:
            name: as the user named it.
            pieces: of all its files.
            shown: its name in messages.
        """
        hosts = [_host(piece) for piece in pieces if piece.form is DocumentForm.HOST]
        found = (thing for piece in pieces if piece.form is not DocumentForm.HOST for thing in self._things(piece))
        things = normalize.by_identity(thing for thing in found if normalize.is_object(thing))
        if not (things or hosts):
            raise InputError("input", "holds no Kubernetes object", "/dev/null is an empty side", SourceLocation(shown))
        return Snapshot(name, things, hosts={host.host: host for host in hosts})

    def _things(self, piece: RawDocument) -> Iterable[Resource]:
        if piece.text not in self._common:
            return normalize.things(manifest_files.values(piece))
        known = self._known.get(piece.text)
        if known is None:
            glanced = self._glanced(piece)
            found = [glanced] if glanced else list(normalize.things(manifest_files.values(piece)))
            self._known[piece.text] = piece.before, found
            return found
        before, found = known
        return [_moved(thing, piece.file, piece.before - before) for thing in found]

    def _glanced(self, piece: RawDocument) -> Resource | None:
        identity = fast_identity.identity(piece)
        if identity is None:
            return None
        digest = hashlib.sha256(piece.text).hexdigest()
        return Resource(identity, digest, _Unread(piece), fast_identity.component(piece), piece.location)


class _Unread:
    """The object of a piece, parsed when somebody asks; both sides share it."""

    def __init__(self, piece: RawDocument) -> None:
        self._piece = piece

    def __call__(self) -> Any:
        """Return the object."""
        return self._parsed

    def mentions(self, words: Iterable[str]) -> bool:
        """Return whether the piece's text may hold one of some words."""
        return prefilter.holds(self._piece.text, words)

    @cached_property
    def _parsed(self) -> Any:
        (thing,) = normalize.things(manifest_files.values(self._piece))
        return thing.object


def _moved(thing: Resource, file: str, lines: int) -> Resource:
    """Return a thing as it stands in another file, some lines further down."""
    return thing.at(SourceLocation(file, thing.location.line + lines if thing.location else 0))


def _host(piece: RawDocument) -> HostSpec:
    from pydantic import ValidationError  # noqa: PLC0415  see side

    from bedplate.config.host_spec import HostSpec  # noqa: PLC0415

    try:
        return HostSpec.model_validate(json_text.value(piece.text, piece.file, piece.before + 1))
    except ValidationError as error:
        first = error.errors()[0]
        fact = f"is no HostSpec: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise InputError("line", fact, "write it with `bedplate render --hosts` anew", piece.location) from error
