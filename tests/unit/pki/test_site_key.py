"""The site key: created once, and a signature is for one purpose only."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.config.environment_file import Environment
from bedplate.config.environments import Site
from bedplate.config.published_files import SITE_KEY
from bedplate.core import paths
from bedplate.core.errors import BedplateError, InputError
from bedplate.pki import site_key
from factories.least_environment import KNOWN

DATA = b'{"blobs": []}'


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return an environment with its own state folder."""
    monkeypatch.setattr(paths, "STATE", tmp_path / "state")
    return Site(tmp_path / "environment", Environment.model_validate(KNOWN), ())


def test_is_made_once_and_is_private(site: Site) -> None:
    """A second call keeps both halves; only the public one is in the environment's folder."""
    key = site_key.ensure_site_key(site)
    content = key.read_bytes()
    assert site_key.ensure_site_key(site).read_bytes() == content
    assert key.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (site.folder / "pki").iterdir()] == [SITE_KEY]
    assert {path.name for path in key.parent.iterdir()} == {site_key.PRIVATE, SITE_KEY}


def test_a_kill_between_the_halves_is_repaired(site: Site) -> None:
    """If only the public half exists, the next run creates both."""
    key = site_key.ensure_site_key(site)
    old = site_key.public_key(site)
    key.rename(key.with_name(".site.new"))
    signature = site_key.sign(DATA, site_key.ensure_site_key(site), site_key.INVENTORY_NAMESPACE)
    assert site_key.public_key(site) != old
    site_key.check(DATA, signature, site_key.public_key(site), site_key.INVENTORY_NAMESPACE)


def test_a_signature_is_for_one_content_key_and_purpose(site: Site, tmp_path: Path) -> None:
    """A signature is refused for other content, another site's key or another namespace."""
    key, public = site_key.ensure_site_key(site), site_key.public_key(site)
    signature = site_key.sign(DATA, key, site_key.INVENTORY_NAMESPACE)
    site_key.check(DATA, signature, public, site_key.INVENTORY_NAMESPACE)
    other = Site(tmp_path / "other", site.environment.model_copy(update={"name": "other"}), ())
    site_key.ensure_site_key(other)
    wrong = [
        (DATA + b" ", signature, public, site_key.INVENTORY_NAMESPACE),
        (DATA, signature, public, site_key.REPORT_NAMESPACE),
        (DATA, b"", public, site_key.INVENTORY_NAMESPACE),
    ]
    for words in wrong:
        with pytest.raises(BedplateError, match="does not match the content"):
            site_key.check(*words)
    with pytest.raises(BedplateError, match="was not made with the site's key"):
        site_key.check(DATA, signature, site_key.public_key(other), site_key.INVENTORY_NAMESPACE)


def test_a_missing_key_is_named(site: Site) -> None:
    """Before the first apply, the error says that there is no key yet."""
    with pytest.raises(InputError, match=r"has no pki/site\.pub yet"):
        site_key.public_key(site)
