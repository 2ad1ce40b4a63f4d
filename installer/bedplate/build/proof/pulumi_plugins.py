"""Check that the bundle has the Pulumi CLI and plugins that the installer's wheels need, in the same version.

A package names the plugin of its resources in pulumi-plugin.json; Pulumi would download a missing one
(https://www.pulumi.com/docs/iac/packages-and-automation/pulumi-packages/schema/).
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core.errors import BedplateError

SET = "wheel:installer"
PLUGIN_FILE = re.compile(r"[^/]+/pulumi-plugin\.json")
SDK = re.compile(r"wheel:pulumi-(?P<version>[0-9][^-]*)-")
STEP = "give both the same version in release.yaml and in requirements/, then run `bedplate lock`"


def check_plugins(release: ReleaseFile, blobs: Path) -> list[BedplateError]:
    """Return an error for the CLI and each plugin that is missing or has another version.

    Args:
        release: the bundle's wheels and programs.
        blobs: folder with the wheels.
    """
    programs = {Path(program.path).name: program.version for program in release.bastion.programs}
    digests = {artifact.id: artifact.sha256 for artifact in release.artifacts}
    errors: list[BedplateError] = []
    for wheel in release.sets.get(SET, ()):
        if match := SDK.match(wheel):
            errors += _compared("the Pulumi CLI", "pulumi", match["version"], programs, wheel)
        for plugin in _plugins(blobs / digests[wheel]):
            name = f"pulumi-{'resource' if plugin.get('resource') else plugin.get('kind')}-{plugin['name']}"
            errors += _compared(f"plugin {name}", name, plugin.get("version", ""), programs, wheel)
    return errors


def _plugins(wheel: Path) -> Iterator[dict[str, Any]]:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if PLUGIN_FILE.fullmatch(name):
                yield json.loads(archive.read(name))


def _compared(what: str, name: str, version: str, programs: dict[str, str], wheel: str) -> Iterator[BedplateError]:
    wanted, bundled = version.removeprefix("v"), programs.get(name)
    if bundled is None:
        yield BedplateError(what, f"is not in the bundle; {wheel} needs {wanted or 'it'}", STEP)
    elif wanted and bundled != wanted:
        yield BedplateError(what, f"is {bundled} in the bundle; {wheel} needs {wanted}", STEP)
