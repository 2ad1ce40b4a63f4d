"""Building a bundle: have every artifact, prove that nothing is missing, write and sign."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bedplate.artifacts import release_contents, resolve
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.kinds import build_context
from bedplate.artifacts.realize import realize
from bedplate.artifacts.source_kind import Context
from bedplate.artifacts.stale import check_current
from bedplate.binary_cache.fill import BinaryCaches, fill_cache
from bedplate.build.completeness import prove_complete, prove_installed
from bedplate.build.installer_tar import add_installer
from bedplate.bundle.write_bundle import bundle_digest, write_bundle
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.config.release_lock import Lock
from bedplate.core import digest, paths
from bedplate.core.files import write_atomic
from bedplate.core.reporter import Reporter, SilentReporter, report_item


@dataclass(frozen=True, slots=True)
class BuiltBundle:
    """A finished bundle.

    Attributes:
        folder: where it is.
        release: its release.json.
        manifest: its manifest.json.
        digest: the bundle's digest.
        written: number of its files that were not there before.
        references: number of image references that were proved to be in it.
    """

    folder: Path
    release: ReleaseFile
    manifest: bundle_layout.BundleManifest
    digest: str
    written: int
    references: int


def default_key() -> Path:
    """Return where the publisher's key is kept unless one says otherwise."""
    return paths.user_state() / "publisher" / "key"


def build_bundle(  # noqa: PLR0913  each is one part of a build
    catalog: Catalog,
    out: Path,
    key: Path,
    *,
    lock: Lock | None = None,
    record: bool = False,
    caches: BinaryCaches | None = None,
    reporter: Reporter | None = None,
) -> BuiltBundle:
    """Build, prove, write and sign the bundle of a release.

    Args:
        catalog: the release.
        out: the bundle's folder: absent, empty or an older bundle.
        key: the publisher's private key.
        lock: build this one in place of the release's own (see relock).
        record: write what comes out into the lock in place of refusing what differs from it.
        caches: binary caches and bundles, from which everything they have is taken before anything is made.
        reporter: told about the work.
    """
    told, kept = reporter or SilentReporter(), Cache()
    locked = lock or catalog.lock()
    context = build_context(catalog, kept, locked)
    check_current(context)
    if caches and caches.ordered:
        with report_item(told, "binary caches") as sizes:
            filled = fill_cache(caches, context, told)
            sizes.extend(filled.size.values())
        told.note(str(filled))
    entries = realize(locked, context, told, record=record)
    made = Lock(release=locked.release, entries=[entries[name] for name in sorted(entries)], sets=locked.sets)
    if record:
        _record(made, catalog, context, told)
    told.begin("completeness")
    release = release_contents.release_file(catalog, made, add_installer(catalog, made, kept), kept)
    with _proved(catalog, release, kept, told) as references:
        told.end("completeness", f"all {references} image references resolve in the bundle")
        from bedplate.sbom import documents  # noqa: PLC0415  it loads CycloneDX's library, which takes a moment

        told.begin("documents")
        release = documents.add_documents(release, context.with_lock(made))
        told.end("documents", f"{len(release.documents)}: bills of materials (CycloneDX) and provenance")
    told.begin("bundle")
    manifest, written = write_bundle(out, release, kept, key)
    told.end("bundle", f"{len(manifest.files)} files, {written} of them written")
    return BuiltBundle(out, release, manifest, bundle_digest(manifest), written, references)


def _record(made: Lock, catalog: Catalog, context: Context, reporter: Reporter) -> None:
    """Write down what came out, outputs and licences, before the installer is packed, which carries both files."""
    from bedplate.sbom import documents  # noqa: PLC0415  as above

    resolve.write_lock(made, catalog.folder)
    reporter.begin("licences")
    unstated = documents.record_licences(release_contents.locked_release_file(catalog, made), context)
    reporter.end("licences", f"Go modules without a known one: {unstated}")


@contextmanager
def _proved(catalog: Catalog, release: ReleaseFile, cache: Cache, reporter: Reporter) -> Iterator[int]:
    """Prove the closure once per release file: it names the installer's digest, and so all templates and code.

    The hosts' packages are installed beside what is done in this context; apt takes half a minute of one core.
    """
    note = cache.folder("proved") / digest.of(release.model_dump())
    if note.is_file():
        yield int(note.read_text())
        return
    references = prove_complete(catalog, release, cache)
    with ThreadPoolExecutor(1) as beside:
        installed = beside.submit(prove_installed, catalog, release, cache, reporter)
        yield references
        installed.result()
    write_atomic(note, str(references))
