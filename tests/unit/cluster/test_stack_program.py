"""The program that the ordinary Pulumi CLI runs: which stack's objects it declares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest

from bedplate.cluster import pulumi_resources, stack_program, stack_state
from bedplate.config import environments
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError, InputError
from bedplate.render import locked_digests, objects
from bedplate.store import installed
from factories.render_installation import make_installation, use_state


class Declared:
    """What the program declares.

    Attributes:
        site: the environment.
        found: the site and the objects that were declared, and the Secrets that workloads read.
        proved: the installers that were checked.
    """

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        """Answer instead of Pulumi and the store."""
        installation = make_installation(folder)
        self.site, self.found, self.proved = installation.site, list[Any](), list[Any]()
        patch.setattr(environments, "find", lambda name: name)
        patch.setattr(environments, "load", lambda name: self.site if name == "render-test" else None)
        patch.setattr(locked_digests, "known_digests", lambda _: objects.image_digests(installation.release_file))
        patch.setattr(stack_state, "applied", lambda _: {})
        patch.setattr(pulumi_resources, "declare", lambda *words: self.found.append(words))
        patch.setattr(installed, "read", lambda _, version, publisher: (version, publisher))
        patch.setattr(stack_program, "check_installer", self.proved.append)
        self._patch = patch

    def run(self, stack: str, *, is_here: bool = False) -> None:
        """Run the program of the layer monitoring."""
        self._patch.setattr(pulumi, "get_stack", lambda: stack)
        self._patch.setattr(Site, "is_here", is_here)
        stack_program.main("monitoring")


@pytest.fixture
def declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Declared:
    """Return a program that has not run."""
    use_state(tmp_path / "state", monkeypatch)
    return Declared(tmp_path / "environment", monkeypatch)


def test_it_declares_the_objects_of_its_stack(declared: Declared) -> None:
    """Those of the named part of the layer, with the Secrets of all layers; elsewhere than on the bastion, unproved."""
    declared.run("render-test.prometheus")
    ((site, found, secrets),) = declared.found
    assert site is declared.site
    assert {one.component for one in found} == {"prometheus"}
    assert ("notebooks", "hub") in secrets
    assert declared.proved == []


def test_on_a_bastion_the_signed_installer_runs(declared: Declared, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one is refused before anything is declared."""
    declared.run("render-test.prometheus", is_here=True)
    environment = declared.site.environment
    assert declared.proved == [(environment.release, environment.publisher)]

    def refuse(_: object) -> None:
        raise BedplateError("installer", "is another one")

    monkeypatch.setattr(stack_program, "check_installer", refuse)
    with pytest.raises(BedplateError, match="is another one"):
        declared.run("render-test.prometheus", is_here=True)
    assert len(declared.found) == 1


def test_another_stack_is_bad_input(declared: Declared) -> None:
    """The layer's stacks are named."""
    with pytest.raises(InputError, match=r"stack render-test\.hub is not one of layer monitoring") as caught:
        declared.run("render-test.hub")
    assert "render-test.prometheus" in caught.value.hint
    assert declared.found == []
