"""Provenance: what each artifact was built from and by which recipe, as in-toto statements with SLSA's predicate.

Formats: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md and https://slsa.dev/spec/v1.0/provenance.
One statement per line. The bundle's signature covers them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import bedplate
from bedplate.artifacts.kinds import ecosystems
from bedplate.artifacts.package import Package
from bedplate.artifacts.source_kind import Context, Stage
from bedplate.config.bundle_layout import BundledArtifact, ReleaseFile
from bedplate.config.release_lock import Entry
from bedplate.core import digest
from bedplate.sbom import cyclonedx

STATEMENT, PREDICATE = "https://in-toto.io/Statement/v1", "https://slsa.dev/provenance/v1"
BUILD_TYPE = "tag:bedplate,2026:bundle-build/1"
"""External parameters: the release and the artifact's id; internal ones: its pins and its recipe, as in the lock."""
BUILDER = "tag:bedplate,2026:builder"


def provenance_statements(release: ReleaseFile, packages: Mapping[str, tuple[Package, ...]], context: Context) -> bytes:
    """Return the statements of all artifacts that were built, one per line.

    Args:
        release: names the artifacts.
        packages: what is in each artifact, by its id.
        context: the lock, and what components declare.
    """
    built = [artifact for artifact in release.artifacts if context.kinds[artifact.kind].stage is not Stage.FETCH]
    statements = (_statement(artifact, release, packages[artifact.id], context) for artifact in built)
    return b"".join(digest.canonical(statement) + b"\n" for statement in statements)


def _statement(
    artifact: BundledArtifact, release: ReleaseFile, packages: tuple[Package, ...], context: Context
) -> dict[str, Any]:
    entry = context.lock.by_id.get(artifact.id)
    inputs = context.kinds[artifact.kind].inputs(entry, context) if entry else ()
    made_of = [*(_locked(artifact) for artifact in inputs), *_linked(packages, release)]
    return {
        "_type": STATEMENT,
        "subject": [{"name": artifact.image or artifact.file, "digest": {"sha256": artifact.sha256}}],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"release": release.release, "artifact": artifact.id},
                "internalParameters": {"pin": entry.pin, "recipe": entry.recipe} if entry else {},
                "resolvedDependencies": made_of,
            },
            "runDetails": {"builder": {"id": BUILDER, "version": {"bedplate": bedplate.__version__}}},
        },
    }


def _locked(entry: Entry) -> dict[str, Any]:
    """Return a resource descriptor (https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md)."""
    known = {"name": entry.id, "annotations": {"recipe": entry.recipe}}
    return {**known, "digest": {"sha256": entry.output.sha256}} if entry.output else known


def _linked(packages: tuple[Package, ...], release: ReleaseFile) -> Iterator[dict[str, Any]]:
    """Yield the packages that were linked into an artifact, such as Go modules."""
    for package in packages:
        if linked := ecosystems()[package.ecosystem].linked_digest(package):
            yield {"uri": cyclonedx.package_purl(package, release).to_string(), "digest": linked}
