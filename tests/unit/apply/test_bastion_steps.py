"""Steps of the bastion: its certificates and secrets, and the mirror's files."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from bedplate.apply import installation as installations
from bedplate.apply.create_certificates import CreateCertificates
from bedplate.apply.installation import Installation
from bedplate.apply.publish_mirror import PublishMirror
from bedplate.apply.run_facts import read_run_facts
from bedplate.apply.step import Journal, Outcome
from bedplate.core import digest, paths
from bedplate.core.errors import BedplateError
from bedplate.pki import authority, site_key
from bedplate.store import installed, mirror_tree
from bedplate.store.installed import InstalledRelease
from factories.render_installation import make_installation, use_state
from factories.render_site import make_site


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Return an environment with certificates and secrets, but without a site key."""
    use_state(tmp_path / "state", monkeypatch)
    return make_installation(tmp_path / "environment")


def _certificate_of_a_component(installation: Installation) -> Path:
    secrets = [secret for one in installation.catalog.components.values() for secret in one.secrets]
    found = next(secret for secret in secrets if secret.kind == "certificate")
    return installation.site.state / "secrets" / found.name / found.key


@pytest.mark.parametrize("file", ["pki/ca.crt", "pki/mirror.key", "secrets/hub/cookie-secret"])
def test_a_missing_file_is_created_again(file: str, installation: Installation, tmp_path: Path) -> None:
    """The first run creates the site key, too; then all is done until a file is gone, and one run brings it back."""
    step, journal = CreateCertificates(installation), Journal(tmp_path / "log", lambda _: None)
    assert not step.is_done()
    assert step.run(journal) == Outcome(0)
    assert site_key.check_site_key(installation.site)
    assert step.is_done()
    (installation.site.state / file).unlink()
    assert not step.is_done()
    assert step.run(journal).changed > 0
    assert step.is_done()


def test_a_certificate_that_ends_soon_is_not_done(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of components are looked at, too."""
    step = CreateCertificates(installation)
    step.run(Journal(tmp_path / "log", lambda _: None))
    ending = _certificate_of_a_component(installation)
    monkeypatch.setattr(authority, "check_time_left", lambda path: path != ending)
    assert not step.is_done()


def test_the_mirror_is_done_once_it_is_published(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tree and its signing key are counted, and both are looked at again."""
    problems: list[str] = []
    (tmp_path / "key").write_text("public")
    monkeypatch.setattr(mirror_tree, "check_mirror", lambda: problems)
    monkeypatch.setattr(mirror_tree, "ensure_mirror", lambda: 3)
    monkeypatch.setattr(mirror_tree, "public_key", lambda: tmp_path / "key")
    step, journal = PublishMirror(installation), Journal(tmp_path / "log", lambda _: None)
    assert not step.is_done()
    assert [step.run(journal), step.run(journal)] == [Outcome(4), Outcome(3)]
    assert journal.path.read_text() == "4 files changed\n3 files changed\n"
    assert step.is_done()
    problems.append("a file is missing")
    assert not step.is_done()


def test_an_installation_is_loaded_from_the_store(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The release that the environment names, signed by its publisher, with the installer that came with it."""
    asked: list[object] = []

    def read(*words: object) -> InstalledRelease:
        asked.append(words)
        return installation.installed

    monkeypatch.setattr(installed, "read", read)
    monkeypatch.setattr(installations, "check_installer", asked.append)
    loaded = installations.load(installation.site)
    assert (loaded.site, loaded.catalog.release.version) == (installation.site, installation.catalog.release.version)
    assert loaded.release_file is installation.release_file
    environment = installation.site.environment
    assert asked == [(paths.STORE, environment.release, environment.publisher), installation.installed]

    def refuse(_: object) -> None:
        raise BedplateError("installer", "is another one")

    monkeypatch.setattr(installations, "check_installer", refuse)
    with pytest.raises(BedplateError, match="is another one"):
        installations.load(installation.site)


def test_a_run_is_recorded_with_the_files_it_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest changes with environment.yaml, hosts.yaml and known_hosts, and with nothing else in the folder."""
    site = make_site(tmp_path / "site")
    monkeypatch.setattr(
        "bedplate.apply.run_facts.read_caller", lambda _: SimpleNamespace(user="ada@laptop", revision="abc")
    )
    monkeypatch.setattr("bedplate.apply.run_facts.installer_digest", lambda: "i" * 64)
    names = ("environment.yaml", "hosts.yaml", "known_hosts")
    site.folder.mkdir()
    for name in names:
        (site.folder / name).write_text("one")
    facts = read_run_facts(site)
    assert (facts.user, facts.revision, facts.installer) == ("ada@laptop", "abc", "i" * 64)
    assert facts.environment == digest.of({name: digest.of_file(site.folder / name) for name in names})
    (site.folder / "README.md").write_text("two")
    assert read_run_facts(site) == facts
    (site.folder / "known_hosts").unlink()
    assert read_run_facts(site).environment != facts.environment
