"""Rotating a publisher's key: both keys are pinned for a while, each with the dates it is valid between."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bedplate import cli
from bedplate.bundle import publisher_signature, verify_bundle
from bedplate.config import publisher_key
from bedplate.config.environment_file import Environment
from bedplate.core.errors import BedplateError, InputError
from factories import tiny_bundle
from factories.least_environment import KNOWN


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tiny_bundle.Tiny:
    """Create one bundle for all tests."""
    return tiny_bundle.make(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return another public key."""
    out = tmp_path_factory.mktemp("other") / "key"
    publisher_signature.new_key(out)
    return publisher_signature.public_key(out)


ACCEPTED = {
    "the key": "{own}",
    "the new one next to it": "{other}\n{own}",
    "with a comment": "# since 2026\n{own} publisher@build\n\n",
    "until later": 'valid-before="29990101" {own}\n{other}',
    "from earlier until later": 'valid-after="20200101Z",valid-before="299901010000" {own}',
}
REFUSED = {
    "another": ("{other}", "is not signed by the publisher's key"),
    "expired": ('valid-before="20250101" {own}\n{other}', "is not signed by the publisher's key"),
    "not valid yet": ('valid-after="29990101" {own}', "is not signed by the publisher's key"),
    "none": ("\n# none\n", "is not a line 'ssh-ed25519"),
    "an option that widens": ("cert-authority {own}", "is not a line 'ssh-ed25519"),
    "namespaces of its own": ('namespaces="*" {own}', "is not a line 'ssh-ed25519"),
    "a line that is not a key": ("{own}\nssh-rsa AAAA", r"\(1 of 2 are\)"),
}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(tiny: tiny_bundle.Tiny, other: str, text: str) -> None:
    """A signature by any of the pinned keys, within its dates, is accepted."""
    pinned = text.format(own=tiny.publisher, other=other)
    verify_bundle.verify(tiny.folder, pinned)


@pytest.mark.parametrize(("text", "fact"), REFUSED.values(), ids=REFUSED)
def test_refused(tiny: tiny_bundle.Tiny, other: str, text: str, fact: str) -> None:
    """No pinned key is valid, or the text is not a list of keys."""
    with pytest.raises(BedplateError, match=fact):
        verify_bundle.verify(tiny.folder, text.format(own=tiny.publisher, other=other))


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_a_command_accepts_what_install_accepts(tiny: tiny_bundle.Tiny, other: str, text: str, tmp_path: Path) -> None:
    """`--publisher FILE` accepts the same list of keys, including dates, as the bundle's own installer."""
    (tmp_path / "publishers").write_text(text.format(own=tiny.publisher, other=other))
    done = CliRunner().invoke(cli.build(["bundle"]), ["bundle", "verify", str(tiny.folder), *_by(tmp_path)])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(("text", "fact"), REFUSED.values(), ids=REFUSED)
def test_a_command_refuses_what_install_refuses(
    tiny: tiny_bundle.Tiny, other: str, text: str, fact: str, tmp_path: Path
) -> None:
    """An expired key is refused in a file as it is in an environment."""
    (tmp_path / "publishers").write_text(text.format(own=tiny.publisher, other=other))
    done = CliRunner().invoke(cli.build(["bundle"]), ["bundle", "verify", str(tiny.folder), *_by(tmp_path)])
    assert done.exit_code != 0
    assert re.search(fact, str(done.exception))


def _by(folder: Path) -> list[str]:
    return ["--publisher", str(folder / "publishers")]


def test_a_private_key_stands_for_its_public_half(tiny: tiny_bundle.Tiny, tmp_path: Path) -> None:
    """On a machine that builds and verifies, one file is enough; without the public half the error says so."""
    assert publisher_signature.public_keys(tiny.key).split()[:2] == tiny.publisher.split()
    alone = tmp_path / "alone"
    alone.write_bytes(tiny.key.read_bytes())
    with pytest.raises(InputError, match=r"public key .*alone\.pub does not exist(?s:.*)ssh-keygen -y"):
        publisher_signature.public_keys(alone)


def test_an_environment_pins_one_or_several(tiny: tiny_bundle.Tiny, other: str) -> None:
    """`publisher` is a key or a list of keys; each is checked."""
    dated = f'valid-before="20270101" {tiny.publisher}'
    texts = [Environment.model_validate({**KNOWN, "publisher": p}).publisher for p in (other, [dated, other])]
    assert texts == [other, f"{dated}\n{other}"]
    assert [publisher_key.problem(text) for text in texts] == ["", ""]
    assert publisher_key.problem(f"{other}\n{other}") == "lists the same key twice"
    assert publisher_key.problem(f"{other}\nssh-ed25519 AAAA") == "is truncated or is not an Ed25519 key"
