"""Build a bundle: fetch or build its artifacts, prove it complete, write and sign it."""

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
        references: number of image references that were checked.
    """

    folder: Path
    release: ReleaseFile
    manifest: bundle_layout.BundleManifest
    digest: str
    written: int
    references: int


def default_key() -> Path:
    """Return the default path of the publisher's key."""
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
        lock: build this one instead of the release's own (see relock).
        record: write outputs into the lock instead of refusing those that differ.
        caches: binary caches and bundles; what they have is fetched instead of built.
        reporter: shows the work.
    """
    reporter, cache = reporter or SilentReporter(), Cache()
    locked = lock or catalog.lock()
    context = build_context(catalog, cache, locked)
    check_current(context)
    if caches and caches.ordered:
        with report_item(reporter, "binary caches") as sizes:
            filled = fill_cache(caches, context, reporter)
            sizes.extend(filled.size.values())
        reporter.note(str(filled))
    entries = realize(locked, context, reporter, record=record)
    made = Lock(release=locked.release, entries=[entries[name] for name in sorted(entries)], sets=locked.sets)
    if record:
        _record(made, catalog, context, reporter)
    reporter.begin("completeness")
    release = release_contents.release_file(catalog, made, add_installer(catalog, made, cache), cache)
    with _proved(catalog, release, cache, reporter) as references:
        reporter.end("completeness", f"all {references} image references resolve in the bundle")
        from bedplate.sbom import documents  # noqa: PLC0415  it loads CycloneDX's library, which takes a moment

        reporter.begin("documents")
        release = documents.add_documents(release, context.with_lock(made))
        reporter.end("documents", f"{len(release.documents)}: bills of materials (CycloneDX) and provenance")
    reporter.begin("bundle")
    manifest, written = write_bundle(out, release, cache, key)
    reporter.end("bundle", f"{len(manifest.files)} files, {written} of them written")
    return BuiltBundle(out, release, manifest, bundle_digest(manifest), written, references)


def _record(made: Lock, catalog: Catalog, context: Context, reporter: Reporter) -> None:
    """Write outputs and licences into the release's folder, before the installer, which carries both, is packed."""
    from bedplate.sbom import documents  # noqa: PLC0415  as above

    resolve.write_lock(made, catalog.folder)
    reporter.begin("licences")
    unstated = documents.record_licences(release_contents.locked_release_file(catalog, made), context)
    reporter.end("licences", f"{unstated} packages whose licence is not known")


@contextmanager
def _proved(catalog: Catalog, release: ReleaseFile, cache: Cache, reporter: Reporter) -> Iterator[int]:
    """Prove completeness once per release file, which has the installer's digest, and so that of all code.

    The hosts' packages are installed while the body of this context runs; apt takes half a minute of one core.
    """
    note = cache.folder("proved") / digest.of(release.model_dump())
    if note.is_file():
        yield int(note.read_text())
        return
    references = prove_complete(catalog, release, cache)
    with ThreadPoolExecutor(1) as pool:
        installed = pool.submit(prove_installed, catalog, release, cache, reporter)
        yield references
        installed.result()
    write_atomic(note, str(references))
