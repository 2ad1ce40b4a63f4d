"""A package that a package-lock.json lacks is named."""

from __future__ import annotations

from bedplate.artifacts.npm.npm_dependencies import check_lock


def test_npm_finds_packages_as_node_does() -> None:
    """A dependency may lie in the package's own node_modules or in any folder above; a missing one is named."""
    packages = {
        "": {"dependencies": {"web": "1"}},
        "node_modules/web": {"dependencies": {"inner": "1", "outer": "1", "gone": "^2"}},
        "node_modules/web/node_modules/inner": {"dependencies": {"outer": "1"}},
        "node_modules/outer": {"peerDependencies": {"x": "1"}, "peerDependenciesMeta": {"x": {"optional": True}}},
    }
    (error,) = check_lock("page", {"packages": packages})
    assert str(error).startswith("npm:page lacks gone ^2, which web depends on")
