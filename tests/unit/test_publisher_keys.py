"""A publisher's key can be exchanged for another: both are pinned for a while, each with the time it counts in."""

from __future__ import annotations

import pytest
import tiny_bundle

from bedplate import publisher_key
from bedplate.bundle import sign, verify
from bedplate.errors import BedplateError
from bedplate.model.environment import Environment


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tiny_bundle.Tiny:
    """Make one bundle for all tests."""
    return tiny_bundle.make(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return another public key."""
    out = tmp_path_factory.mktemp("other") / "key"
    sign.new_key(out)
    return sign.public_key(out)


ACCEPTED = {
    "the key": "{own}",
    "the new one beside it": "{other}\n{own}",
    "with a comment": "# since 2026\n{own} publisher@build\n\n",
    "until later": 'valid-before="29990101" {own}\n{other}',
    "from earlier until later": 'valid-after="20200101Z",valid-before="299901010000" {own}',
}
REFUSED = {
    "another": ("{other}", "is not signed by the publisher's key"),
    "run out": ('valid-before="20250101" {own}\n{other}', "is not signed by the publisher's key"),
    "not yet": ('valid-after="29990101" {own}', "is not signed by the publisher's key"),
    "none": ("\n# none\n", "is not a line 'ssh-ed25519"),
    "an option that widens": ("cert-authority {own}", "is not a line 'ssh-ed25519"),
    "namespaces of its own": ('namespaces="*" {own}', "is not a line 'ssh-ed25519"),
    "one that is none": ("{own}\nssh-rsa AAAA", r"\(1 of 2 are\)"),
}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(tiny: tiny_bundle.Tiny, other: str, text: str) -> None:
    """Any one of the pinned keys, within its time, is enough; `check` finds nothing wrong."""
    pinned = text.format(own=tiny.publisher, other=other)
    verify.verify(tiny.folder, pinned)


@pytest.mark.parametrize(("text", "fact"), REFUSED.values(), ids=REFUSED)
def test_refused(tiny: tiny_bundle.Tiny, other: str, text: str, fact: str) -> None:
    """No pinned key counts, or the text is no list of keys."""
    with pytest.raises(BedplateError, match=fact):
        verify.verify(tiny.folder, text.format(own=tiny.publisher, other=other))


def test_an_environment_pins_one_or_several(tiny: tiny_bundle.Tiny, other: str) -> None:
    """`publisher` is a key or a list of them; each is checked."""
    known = {
        "name": "here",
        "release": "2026.11.0",
        "domain": "site.bedplate.test",
        "bastion": {"host": "bastion"},
        "network": {"nodes": "198.18.7.0/24", "pods": "198.18.128.0/17", "services": "198.19.0.0/17"},
    }
    dated = f'valid-before="20270101" {tiny.publisher}'
    texts = [Environment.model_validate({**known, "publisher": p}).publisher for p in (other, [dated, other])]
    assert texts == [other, f"{dated}\n{other}"]
    assert [publisher_key.problem(text) for text in texts] == ["", ""]
    assert publisher_key.problem(f"{other}\n{other}") == "names one key twice"
    assert publisher_key.problem(f"{other}\nssh-ed25519 AAAA") == "is cut off or is no Ed25519 key"
