import datetime as dt
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.verification import PolicyBuilder, Store

from bedplate.config.component import Component, Secret
from bedplate.config.environment_file import Environment
from bedplate.config.environments import Site
from bedplate.config.published_files import AUTHORITY
from bedplate.core import paths
from bedplate.core.errors import BedplateError, InputError
from bedplate.pki import authority, published, secret_files, site_trust
from factories.least_environment import KNOWN

NAMES = ["hub.notebooks.svc", "notebooks.site.bedplate.test"]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return an environment with its own state folder."""
    monkeypatch.setattr(paths, "STATE", tmp_path / "state")
    environment = Environment.model_validate(KNOWN)
    return Site(tmp_path / "environment", environment, ())


def _component(*secrets: dict[str, Any], name: str = "tool") -> Component:
    values = [Secret.model_validate({"name": "tool", **value}) for value in secrets]
    return Component(name=name, summary="A tool", layer="notebooks", secrets=values)


def _read(site: Site, reference: str) -> str:
    return secret_files.read_secret(site, reference).decode()


def _pair(folder: Path) -> tuple[authority.Authority, Path, Path]:
    made, _ = authority.ensure_authority(folder, "here")
    return made, folder / "tls.crt", folder / "tls.key"


def test_a_certificate_is_trusted_for_its_names_by_strict_verification(tmp_path: Path) -> None:
    """A verifier that trusts only the CA accepts the certificate, for each of its names."""
    made, certificate, key = _pair(tmp_path)
    assert authority.ensure_certificate(made, certificate, key, NAMES)
    leaf = x509.load_pem_x509_certificate(certificate.read_bytes())
    for name in NAMES:
        verifier = PolicyBuilder().store(Store([made.certificate])).build_server_verifier(x509.DNSName(name))
        assert verifier.verify(leaf, []) == [leaf, made.certificate]
    assert load_pem_private_key(key.read_bytes(), None).public_key() == leaf.public_key()


def test_a_good_certificate_is_kept(tmp_path: Path) -> None:
    """A second run signs nothing and creates no second CA."""
    made, certificate, key = _pair(tmp_path)
    authority.ensure_certificate(made, certificate, key, NAMES)
    before = certificate.read_bytes()
    again, new = authority.ensure_authority(tmp_path, "here")
    assert not new
    assert not authority.ensure_certificate(again, certificate, key, NAMES)
    assert certificate.read_bytes() == before


def test_a_certificate_is_renewed_if_necessary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other names, another CA or an early expiry lead to a new certificate."""
    made, certificate, key = _pair(tmp_path)
    authority.ensure_certificate(made, certificate, key, NAMES)
    assert authority.ensure_certificate(made, certificate, key, [*NAMES, "198.18.7.10"])
    other, _ = authority.ensure_authority(tmp_path / "other", "here")
    assert authority.ensure_certificate(other, certificate, key, [*NAMES, "198.18.7.10"])
    monkeypatch.setattr(authority, "RENEWAL_DAYS", authority.CERTIFICATE_DAYS)
    assert authority.ensure_certificate(other, certificate, key, [*NAMES, "198.18.7.10"])


A_MONTH_AHEAD = dt.timedelta(days=-30)


def test_a_certificate_that_is_not_valid_yet_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that was ahead while it was signed leaves one that no one accepts until then."""
    made, certificate, key = _pair(tmp_path)
    with monkeypatch.context() as changed:
        changed.setattr(authority, "CLOCK_SKEW", A_MONTH_AHEAD)
        authority.ensure_certificate(made, certificate, key, NAMES)
    assert not authority.is_valid_certificate(made, certificate, key, NAMES)
    assert not authority.check_time_left(certificate)
    assert authority.ensure_certificate(made, certificate, key, NAMES)
    assert authority.is_valid_certificate(made, certificate, key, NAMES)
    assert authority.check_time_left(certificate)


def test_an_authority_that_is_not_valid_yet_signs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says when it begins, and that the clock may be wrong."""
    with monkeypatch.context() as changed:
        changed.setattr(authority, "CLOCK_SKEW", A_MONTH_AHEAD)
        made, certificate, key = _pair(tmp_path)
    with pytest.raises(BedplateError, match=r"CA certificate is not valid before .*\n.*correct this machine's clock"):
        authority.ensure_certificate(made, certificate, key, NAMES)


@pytest.mark.parametrize("name", ["tls.crt", "tls.key"])
@pytest.mark.parametrize("content", [b"", b"half of it", None])
def test_a_corrupted_certificate_or_key_is_replaced(tmp_path: Path, name: str, content: bytes | None) -> None:
    """An empty, cut or missing file, or one of another pair, leads to a new pair."""
    made, certificate, key = _pair(tmp_path)
    authority.ensure_certificate(made, certificate, key, NAMES)
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    assert authority.ensure_certificate(made, certificate, key, NAMES)
    assert authority.is_valid_certificate(made, certificate, key, NAMES)


def test_a_certificate_with_the_key_of_another_is_replaced(tmp_path: Path) -> None:
    """A kill between the two writes leaves a new key with the old certificate."""
    made, certificate, key = _pair(tmp_path)
    authority.ensure_certificate(made, tmp_path / "other.crt", tmp_path / "other.key", NAMES)
    authority.ensure_certificate(made, certificate, key, NAMES)
    (tmp_path / "other.key").replace(key)
    assert authority.ensure_certificate(made, certificate, key, NAMES)


@pytest.mark.parametrize("name", ["ca.crt", "ca.key"])
def test_a_corrupted_authority_is_not_replaced(tmp_path: Path, name: str) -> None:
    """Every host trusts it: the error names the file, and says to restore it."""
    authority.ensure_authority(tmp_path, "here")
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(BedplateError, match=rf"{name} is not .*\n.*restore it from a backup"):
        authority.ensure_authority(tmp_path, "here")


@pytest.mark.parametrize("damage", ["stale copy", "no copy", "empty certificate", "other key", "no authority"])
def test_trust_that_needs_a_run_is_seen(site: Site, damage: str) -> None:
    """The probe of certificates compares what is published with what the bastion has, and reads the files."""
    site_trust.ensure_trust(site)
    assert site_trust.check_trust(site)
    public, private = site.folder / "pki/ca.crt", site.state / "pki"
    damages: dict[str, Callable[[], object]] = {
        "stale copy": lambda: public.write_text("of an earlier bastion"),
        "no copy": public.unlink,
        "empty certificate": lambda: (private / "mirror.crt").write_bytes(b""),
        "other key": lambda: (private / "mirror.key").write_bytes((private / "ca.key").read_bytes()),
        "no authority": (private / "ca.key").unlink,
    }
    damages[damage]()
    assert not site_trust.check_trust(site)
    if damage != "no authority":
        assert site_trust.ensure_trust(site) > 0
        assert site_trust.check_trust(site)


@pytest.mark.parametrize("lost", ["tls.key", "tls.crt"])
def test_a_certificate_that_does_not_match_its_key_is_replaced(tmp_path: Path, lost: str) -> None:
    """A restore that brings back only one half of a pair, or loses one, leads to a new pair."""
    made, certificate, key = _pair(tmp_path)
    authority.ensure_certificate(made, certificate, key, NAMES)
    older = (tmp_path / lost).read_bytes()
    (tmp_path / lost).unlink()
    assert authority.ensure_certificate(made, certificate, key, NAMES)
    (tmp_path / lost).write_bytes(older)
    assert authority.ensure_certificate(made, certificate, key, NAMES)
    leaf = x509.load_pem_x509_certificate(certificate.read_bytes())
    assert load_pem_private_key(key.read_bytes(), None).public_key() == leaf.public_key()


def test_an_authority_whose_key_is_lost_is_not_replaced(tmp_path: Path) -> None:
    """A missing CA key is an error: a new CA would break the trust of every host."""
    authority.ensure_authority(tmp_path, "here")
    (tmp_path / "ca.key").unlink()
    with pytest.raises(BedplateError, match=r"ca\.key is missing"):
        authority.ensure_authority(tmp_path, "here")


def test_an_interrupted_authority_is_completed(tmp_path: Path) -> None:
    """After a kill between key and certificate, the next run uses the key."""
    authority.ensure_authority(tmp_path, "here")
    (tmp_path / "ca.crt").unlink()
    key = (tmp_path / "ca.key").read_bytes()
    assert authority.ensure_authority(tmp_path, "here")[1]
    assert (tmp_path / "ca.key").read_bytes() == key


def test_an_authority_outlives_the_site(tmp_path: Path) -> None:
    """The CA is valid for twenty years, and already valid on a host whose clock is hours behind."""
    made, _ = authority.ensure_authority(tmp_path, "here")
    now = dt.datetime.now(dt.UTC)
    assert made.certificate.not_valid_after_utc > now + dt.timedelta(days=19 * 365)
    assert made.certificate.not_valid_before_utc < now - dt.timedelta(hours=12)


def test_trust_is_published_without_private_halves(site: Site) -> None:
    """Only certificates are published; keys stay in a folder that only root can enter."""
    assert site_trust.ensure_trust(site) > 0
    assert site_trust.ensure_trust(site) == 0
    assert sorted(path.name for path in (site.folder / "pki").iterdir()) == ["ca.crt", "mirror.crt"]
    assert "PRIVATE" not in published.read_public(site, AUTHORITY)
    assert stat.S_IMODE((site.state / "pki").stat().st_mode) == 0o700
    assert stat.S_IMODE((site.state / "pki" / "ca.key").stat().st_mode) == 0o600


def test_values_are_generated_once(site: Site) -> None:
    """Passwords and hex values are long and private, and a second run keeps them."""
    component = _component({"key": "password"}, {"key": "cookie", "kind": "hex"})
    assert secret_files.ensure_secrets(site, [component]) == 2
    first = [_read(site, "tool/password"), _read(site, "tool/cookie")]
    assert secret_files.ensure_secrets(site, [component]) == 0
    assert [_read(site, "tool/password"), _read(site, "tool/cookie")] == first
    assert len(first[0]) == 32
    assert first[0].isalnum()
    assert len(bytes.fromhex(first[1])) == 32
    for path in (site.state / "secrets").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_an_empty_value_is_generated_again(site: Site) -> None:
    """A disk that was full may have left an empty file, which is not a password."""
    component = _component({"key": "password"})
    secret_files.ensure_secrets(site, [component])
    (site.state / "secrets/tool/password").write_bytes(b"")
    assert secret_files.ensure_secrets(site, [component]) == 1
    assert len(_read(site, "tool/password")) == 32


def test_certificate_secrets_are_pairs(site: Site) -> None:
    """The environment's CA signs the certificate; {domain} in its names is filled in."""
    hosts = ["hub", "notebooks.{domain}"]
    component = _component(
        {"key": "tls.crt", "kind": "certificate", "hosts": hosts}, {"key": "tls.key", "kind": "certificate-key"}
    )
    assert secret_files.ensure_secrets(site, [component]) == 1
    leaf = x509.load_pem_x509_certificate(secret_files.read_secret(site, "tool/tls.crt"))
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    assert names == ["hub", "notebooks.site.bedplate.test"]
    key = load_pem_private_key(secret_files.read_secret(site, "tool/tls.key"), None)
    assert key.public_key() == leaf.public_key()
    assert secret_files.ensure_secrets(site, [component]) == 0


def test_a_certificate_without_its_key_is_refused(site: Site) -> None:
    """A component that declares a certificate without a key is refused."""
    component = _component({"key": "tls.crt", "kind": "certificate", "hosts": ["hub"]})
    with pytest.raises(InputError, match=r"tool/tls\.crt has 0 secrets of kind certificate-key"):
        secret_files.ensure_secrets(site, [component])


def test_files_are_read_again(site: Site, tmp_path: Path) -> None:
    """A secret of kind `file` follows its file; a missing file is an error."""
    file = tmp_path / "token"
    component = _component({"key": "token", "kind": "file", "path": str(file)})
    with pytest.raises(InputError, match=r"tool/token cannot be read \(No such file"):
        secret_files.ensure_secrets(site, [component])
    file.write_text("one")
    assert secret_files.ensure_secrets(site, [component]) == 1
    file.write_text("two")
    assert secret_files.ensure_secrets(site, [component]) == 1
    assert _read(site, "tool/token") == "two"


def test_users_are_hashed(site: Site) -> None:
    """The users secret has the hashes of the accounts that Bedplate creates, and no password."""
    component = _component({"key": "users.yaml", "kind": "users"})
    assert secret_files.ensure_secrets(site, [component]) == 1
    text = _read(site, "tool/users.yaml")
    assert {user["name"] for user in yaml.safe_load(text)["users"]} == {"administrator", "acceptance"}
    for path in (site.state / "secrets" / secret_files.ACCOUNTS).glob("*.password"):
        assert path.read_text().strip() not in text
    assert secret_files.ensure_secrets(site, [component]) == 0


def test_a_secret_is_declared_once(site: Site) -> None:
    """Two components cannot declare the same secret."""
    both = [_component({"key": "password"}, name=name) for name in ("one", "two")]
    with pytest.raises(InputError, match="secret tool/password is declared by two components"):
        secret_files.ensure_secrets(site, both)


def test_the_error_for_a_missing_value_says_what_to_do(site: Site) -> None:
    """The error for a missing secret names the secret and the command that creates it."""
    with pytest.raises(BedplateError, match=r"secret tool/none is not in (?s:.*)run `bedplate apply`"):
        secret_files.read_secret(site, "tool/none")
