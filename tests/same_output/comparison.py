"""The comparison of this tree with an older revision: locks, renderings and bundles must be equal.

Checks the older revision out, makes the changes in declared.yaml to it, and then demands that everything is equal.
Runs each tree through its own command line. Exit code 1 if anything differs.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from same_output import bundles, declared, locks, rendered
from same_output.report_table import Report
from same_output.source_tree import CACHE, Tree, checked_out, own_tree

BASELINE = "5719f09"


def main() -> int:
    """Compare, print what was compared and every difference, and return the exit code."""
    options = _options()
    report = Report()
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="same-output-", dir=CACHE) as name:
        work = Path(name)
        with checked_out(options.revision, work) as old:
            _compare(old, own_tree(work), options, report)
    report.print()
    return 1 if report.differs else 0


def _compare(old: Tree, new: Tree, options: argparse.Namespace, report: Report) -> None:
    work = old.work
    locks.check_baseline(old, report)
    declared.apply(old.folder, new.folder, report)
    locks.compare(old, new, report)
    rendered.compare(old, new, report)
    for release in options.release if options.build else ():
        built = [bundles.build(tree, release, work / f"{tree.name}-{release}") for tree in (old, new)]
        bundles.compare(built[0], built[1], release, report)
        report.note(f"bundle {release}: no program was compiled again; for that, compare cold builds with --bundles")
    if options.bundles:
        bundles.compare(options.bundles[0], options.bundles[1], "as given", report)
    if not (options.build or options.bundles):
        report.note("bundles were not compared: give --build, or --bundles OLD NEW")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/same_output", description=__doc__)
    parser.add_argument("revision", nargs="?", default=BASELINE, help=f"the older revision (default: {BASELINE})")
    parser.add_argument("--build", action="store_true", help="make images and a bundle with both trees")
    parser.add_argument("--release", action="append", help="release to build (default: 2026.11.0); can be repeated")
    parser.add_argument("--bundles", nargs=2, type=Path, metavar=("OLD", "NEW"), help="two finished bundles")
    options = parser.parse_args()
    options.release = options.release or ["2026.11.0"]
    return options
