"""Licences of Go modules are read out of the modules' own archives, and recorded."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from bedplate.artifacts.go import go_licences
from bedplate.artifacts.package import Package

BSD = "Redistribution and use in source and binary forms, with or without\n// modification, are permitted"
MIT = "Permission is hereby granted, free of charge, to any person obtaining a copy\n * of this software and associated"
TEXTS = {
    "Apache License\n     Version 2.0, January 2004": "Apache-2.0",
    MIT: "MIT",
    BSD: "BSD-2-Clause",
    f"{BSD}\n3. Neither the name of the\nauthor": "BSD-3-Clause",
    "Mozilla Public License, version 2.0": "MPL-2.0",
    "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee": "ISC",
    "All rights reserved. You may look at it.": "",
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.items())
def test_texts(text: str, expected: str) -> None:
    """A licence is known by its own words, however they are broken into lines; others are not guessed."""
    assert go_licences.classify(text) == expected


def archive(modules: Path, name: str, files: dict[str, str]) -> None:
    """Put a module of version v1.0.0 into Go's cache."""
    place = modules / "cache/download" / name.replace("T", "!t") / "@v/v1.0.0.zip"
    place.parent.mkdir(parents=True)
    with zipfile.ZipFile(place, "w") as out:
        for file, text in files.items():
            out.writestr(f"{name}@v1.0.0/{file}", text)


def test_is_recorded_once(tmp_path: Path) -> None:
    """A second run needs no archive; modules that are no longer linked go; those without a licence are counted."""
    modules = tmp_path / "mod"
    archive(modules, "example.org/Two", {"LICENSE.md": MIT, "COPYING": BSD, "inner/LICENSE": "Apache License 2.0"})
    archive(modules, "example.org/own", {"LICENCE": "Ours."})
    names = ("example.org/Two", "example.org/own", "example.org/absent")
    packages = [Package(ecosystem="golang", name=name, version="v1.0.0", go_sum="h1:") for name in names]
    assert go_licences.record_licences(tmp_path, packages, modules) == 2
    known = {"example.org/Two@v1.0.0": "BSD-2-Clause AND MIT"}
    assert go_licences.read_licences(tmp_path) == known
    assert go_licences.record_licences(tmp_path, packages, tmp_path / "empty") == 2
    assert go_licences.read_licences(tmp_path) == known
    assert go_licences.record_licences(tmp_path, packages[1:], modules) == 2
    assert go_licences.read_licences(tmp_path) == {}


def test_a_release_without_record(tmp_path: Path) -> None:
    """Nothing is known then, and nothing fails."""
    assert go_licences.read_licences(tmp_path) == {}
