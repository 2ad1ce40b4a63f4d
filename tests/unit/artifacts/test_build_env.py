"""Compilers see their own folders and how to reach packages, and nothing else of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.artifacts.build_env import build_environment


def test_compilers_get_a_bare_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own variables stay out; garbage is collected rarely, which saves time and changes no output."""
    monkeypatch.setenv("EDITOR", "vi")
    monkeypatch.setenv("GOGC", "10")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.test")
    environment = build_environment(tmp_path, [Path("/compiler/bin")])
    assert "EDITOR" not in environment
    assert environment["GOGC"] == "400"
    assert environment["HTTPS_PROXY"] == "http://proxy.example.test"
    assert environment["PATH"] == "/compiler/bin:/usr/bin:/bin"
    assert Path(environment["HOME"]).is_relative_to(tmp_path)
