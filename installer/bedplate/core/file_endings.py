"""One ending for the files that are found by it: a file with the other ending would be left out without a word."""

from __future__ import annotations

from pathlib import Path

from bedplate.core.errors import InputError, SourceLocation

OTHER = {".yaml": ".yml", ".yml": ".yaml", ".yaml.j2": ".yml.j2"}


def find_files(folder: Path, pattern: str, ending: str) -> list[Path]:
    """Return the files with an ending that is read, in order.

    Args:
        folder: where they are.
        pattern: what comes before the ending, such as ``*`` or ``tasks/*``.
        ending: such as ``.yaml``.

    Raises:
        InputError: a file has the other ending: ``.yml`` instead of ``.yaml``, or the other way round.
    """
    for path in sorted(folder.glob(f"{pattern}{OTHER[ending]}")):
        stem = path.name.removesuffix(OTHER[ending])
        fact = f"is not read, because files in this folder must end in {ending}"
        raise InputError(f"file {path.name}", fact, f"rename it to {stem}{ending}", SourceLocation(str(path)))
    return sorted(folder.glob(f"{pattern}{ending}"))
