"""Pushing to a site's own registry: the real distribution program, users, TLS, tokens, faults and kills."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import signal
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bedplate.artifacts.cache import Cache
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core.errors import BedplateError
from bedplate.core.oci import INDEX_TYPE, MANIFEST_TYPE
from bedplate.registry import client as client_module
from bedplate.registry.backoff import Backoff
from bedplate.registry.client import RegistryClient
from bedplate.registry.credentials import Credentials, from_login_file
from bedplate.registry.push import push_images
from bedplate.registry.pushable import PushableImages, pushable_images
from bedplate.registry.registry_address import parse_address
from factories import many_images, own_registry
from factories.faulty_proxy import Faults, proxy

QUICK = Backoff(attempts=7, first=0.01, longest=0.05)
WHO = Credentials(own_registry.USER, own_registry.PASSWORD)
KILLS = 20


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ReleaseFile]:
    """Create one store for all tests."""
    return many_images.store(tmp_path_factory.mktemp("store") / "store")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Serve a registry without authentication."""
    with own_registry.serving(tmp_path_factory.mktemp("registry")) as port:
        yield port


def client_of(port: int) -> RegistryClient:
    """Return a client without credentials."""
    return RegistryClient(parse_address(f"http://127.0.0.1:{port}"), backoff=QUICK)


def check_pulls(client: httpx.Client, wanted: PushableImages) -> None:
    """Check every tag and every blob, byte for byte."""
    for (repository, tag), manifest in wanted.tags.items():
        answer = client.get(f"/v2/{repository}/manifests/{tag}", headers={"Accept": manifest.media_type})
        assert answer.content == manifest.content
        for part in (json.loads(answer.content)["config"], *json.loads(answer.content)["layers"]):
            content = client.get(f"/v2/{repository}/blobs/{part['digest']}").content
            assert "sha256:" + hashlib.sha256(content).hexdigest() == part["digest"]


def test_push_keeps_names_mounts_and_sends_nothing_twice(plain: int, stored: tuple[Path, ReleaseFile]) -> None:
    """Each blob is sent once and mounted in the other repositories; a second run sends nothing."""
    folder, release = stored
    wanted = pushable_images([release], folder, "project/mirror")
    progress: list[int] = []
    pushed = push_images(client_of(plain), wanted, jobs=4, progress=progress.append)
    assert (pushed.sent, pushed.mounted, pushed.present) == (13, 3, 0)
    assert (sum(progress), pushed.sent_bytes) == (wanted.size, wanted.size)
    assert (pushed.tags, pushed.all_tags) == (4, 4)
    with httpx.Client(base_url=f"http://127.0.0.1:{plain}") as client:
        check_pulls(client, wanted)
        names = client.get("/v2/_catalog").json()["repositories"]
    assert "project/mirror/harbor.test_8443/a/b" in names
    again = push_images(client_of(plain), wanted, jobs=4)
    assert (again.sent, again.mounted, again.present, again.tags) == (0, 0, 16, 0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["basic", "token"])
def test_users_over_tls(kind: str, stored: tuple[Path, ReleaseFile], tmp_path: Path) -> None:
    """With the site's CA and a user, images are pushed; if one of the two is missing or wrong, the error names it."""
    ca, crt, key = own_registry.certificate(tmp_path / "pki")
    folder, release = stored
    wanted = pushable_images([release], folder)
    with (
        own_registry.users(kind, tmp_path, ca, (crt, key)) as auth,
        own_registry.serving(tmp_path / "registry", auth=auth, tls=(crt, key)) as port,
    ):
        address = parse_address(f"127.0.0.1:{port}")
        for credentials, authority, fact in (
            (WHO, None, "not trusted"),
            (None, ca, "no token|demands a user"),
            (Credentials(own_registry.USER, "wrong"), ca, "does not accept|no token"),
        ):
            with pytest.raises(BedplateError, match=fact) as error:
                push_images(RegistryClient(address, credentials, ca=authority, backoff=QUICK), wanted, jobs=2)
            assert "wrong" not in str(error.value)
        pushed = push_images(RegistryClient(address, WHO, ca=ca, backoff=QUICK), wanted, jobs=4)
        assert (pushed.sent, pushed.mounted, pushed.tags) == (13, 3, 4)
        again = push_images(RegistryClient(address, WHO, ca=ca, backoff=QUICK), wanted, jobs=4)
        assert (again.sent, again.mounted, again.present) == (0, 0, 16)
        if kind == "basic":
            trust = ssl.create_default_context(cafile=ca)
            who = (own_registry.USER, own_registry.PASSWORD)
            with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=trust, auth=who) as client:
                check_pulls(client, wanted)


@pytest.mark.slow
def test_an_expired_token_is_renewed(stored: tuple[Path, ReleaseFile], tmp_path: Path) -> None:
    """If the registry refuses the token during a long push, the push requests a new one and completes."""
    ca, crt, key = own_registry.certificate(tmp_path / "pki")
    folder, release = stored
    wanted, tokens = pushable_images([release], folder), own_registry.Tokens(lasts=3)
    with (
        own_registry.users("token", tmp_path, ca, (crt, key), tokens) as auth,
        own_registry.serving(tmp_path / "registry", auth=auth, tls=(crt, key)) as port,
        proxy(port, Faults(delay=0.15)) as slow,
    ):
        pushed = push_images(
            RegistryClient(parse_address(f"127.0.0.1:{slow}"), WHO, ca=ca, backoff=QUICK), wanted, jobs=2
        )
    assert (pushed.sent + pushed.mounted, pushed.tags) == (16, 4)
    assert max(map(tokens.given.count, tokens.given)) > 1


FAULTS = {
    "cut": Faults(seed=3, cuts=6, cut_after=250_000),
    "500": Faults(seed=4, refusals=6, status=500),
    "429": Faults(seed=5, refusals=6, status=429),
    "frozen": Faults(seed=8, cuts=3, cut_after=150_000, freezes=True),
    "slow": Faults(seed=6, delay=0.005),
    "all": Faults(seed=7, cuts=4, cut_after=200_000, refusals=4, delay=0.001),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_a_push_survives_network_faults(
    name: str, plain: int, stored: tuple[Path, ReleaseFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections that are cut, frozen, refused or slow delay a push, but do not change its result."""
    monkeypatch.setattr(client_module, "TIMEOUT", 1)
    folder, release = stored
    wanted, faults = pushable_images([release], folder, f"faulty/{name}"), FAULTS[name]
    with proxy(plain, faults) as port:
        pushed = push_images(client_of(port), wanted, jobs=3)
    assert pushed.tags == 4
    assert faults.happened >= {"slow": 0, "frozen": 3}.get(name, 4)
    with httpx.Client(base_url=f"http://127.0.0.1:{plain}") as client:
        check_pulls(client, wanted)


def test_a_cut_upload_is_resumed(plain: int, tmp_path: Path) -> None:
    """If the connection breaks, a large blob is not sent from its beginning again."""
    folder, release = many_images.store(tmp_path / "store", largest=8_000_000, seed=9)
    wanted = pushable_images([release], folder, "large")
    faults = Faults(cuts=1, cut_after=1)
    faults.cut = lambda: 4_000_000 if not faults.happened else -1  # type: ignore[method-assign]
    out: list[int] = []
    whole = wanted.blobs[0][0]
    alone = PushableImages(wanted.blobs[:1], [], {})
    with proxy(plain, faults) as port:
        client = client_of(port)
        original, sizes = client.once, []

        def watched(method: str, path: str, *rest: object, **more: object) -> object:
            if method == "PUT":
                sizes.append(more["body"].length)  # type: ignore[attr-defined]
                faults.happened = len(sizes) - 1
            return original(method, path, *rest, **more)  # type: ignore[arg-type]

        client.once = watched  # type: ignore[method-assign, assignment]
        push_images(client, alone, jobs=1, progress=out.append)
    assert sum(out) == whole.size
    assert sizes[0] == whole.size
    assert sizes[-1] < whole.size


@pytest.mark.slow
def test_a_killed_push_is_completed_by_the_next(plain: int, stored: tuple[Path, ReleaseFile]) -> None:
    """After a SIGKILL, the next run completes the push, and sends only blobs that the registry lacks."""
    folder, release = stored
    chance, context = random.Random(11), multiprocessing.get_context("fork")  # noqa: S311  seeded on purpose
    began = time.monotonic()
    push_images(client_of(plain), pushable_images([release], folder, "measure"), jobs=3)
    usual, moments = time.monotonic() - began, []
    with httpx.Client(base_url=f"http://127.0.0.1:{plain}") as client:
        for number in range(KILLS):
            wanted = pushable_images([release], folder, f"killed/{number}")
            child = context.Process(target=_push_alone, args=(plain, wanted))
            child.start()
            time.sleep(chance.uniform(0, usual * 1.1))
            os.kill(child.pid or 0, signal.SIGKILL)
            child.join()
            time.sleep(0.02)  # the registry ends what it was doing
            there = _present(client, wanted)
            pushed = push_images(client_of(plain), wanted, jobs=3)
            assert pushed.present == there
            assert pushed.sent + pushed.mounted + pushed.present == 16
            moments.append(there)
            check_pulls(client, wanted)
    assert len(set(moments)) > 2, "the kills should hit different moments"


def _push_alone(port: int, wanted: PushableImages) -> None:
    push_images(client_of(port), wanted, jobs=3)


def _present(client: httpx.Client, wanted: PushableImages) -> int:
    paths = [f"/v2/{where}/blobs/sha256:{blob.sha256}" for blob, all_of in wanted.blobs for where in all_of]
    return sum(client.head(path).status_code == httpx.codes.OK for path in paths)


def test_a_corrupted_blob_is_named(plain: int, tmp_path: Path) -> None:
    """A blob that does not match its digest is refused by the registry, and the error names its file."""
    folder, release = many_images.store(tmp_path / "store", seed=5)
    wanted = pushable_images([release], folder, "damaged")
    path = wanted.blobs[2][0].path
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(BedplateError, match="does not match its digest") as error:
        push_images(client_of(plain), wanted, jobs=1)
    assert str(path) in str(error.value)
    with httpx.Client(base_url=f"http://127.0.0.1:{plain}") as client:
        assert client.get("/v2/damaged/registry.k8s.io/one/tags/list").status_code == httpx.codes.NOT_FOUND


def test_a_corrupted_manifest_is_named_before_anything_is_sent(tmp_path: Path) -> None:
    """A registry would accept it under its tag, with any content."""
    folder, release = many_images.store(tmp_path / "store", seed=5)
    path = folder / bundle_layout.blob_path(release.artifacts[0].sha256)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"{", b"{ ", 1))
    with pytest.raises(BedplateError, match="does not match its digest"):
        pushable_images([release], folder, "damaged")


def test_an_unreachable_registry_is_named() -> None:
    """If nothing listens, the error names the registry and has a hint."""
    client = client_of(own_registry.free_port())
    with pytest.raises(BedplateError, match="could not be reached"):
        client.request("GET", "/v2/", ())


def test_credentials_of_docker_login(tmp_path: Path) -> None:
    """Users are read from the login file; if a credential helper has the password, the error says so."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"auths": {"harbor.site": {"auth": "bWU6YTpi"}, "other": {"identitytoken": "t"}}}))
    assert from_login_file("harbor.site", (path,)) == Credentials("me", "a:b")
    assert from_login_file("other", (path,)) == Credentials("", "", "t")
    assert from_login_file("nowhere", (path,)) is None
    path.write_text(json.dumps({"credHelpers": {"harbor.site": "pass"}}))
    with pytest.raises(BedplateError, match="credential helper"):
        from_login_file("harbor.site", (path,))
    assert "a:b" not in repr(Credentials("me", "a:b"))


def test_an_index_of_two_architectures_is_pushed(plain: int, tmp_path: Path) -> None:
    """An index comes after the manifests that it names, which have no tags of their own."""
    folder, release = many_images.store(tmp_path / "store", seed=8)
    children = [
        {"mediaType": MANIFEST_TYPE, "digest": f"sha256:{one.sha256}", "size": one.size}
        for one in release.artifacts[:2]
    ]
    content = json.dumps({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": children}).encode()
    output = Cache(folder).add_bytes(content)
    image = release.artifacts[0].model_copy(update={"sha256": output.sha256, "size": output.size})
    wanted = pushable_images([release.model_copy(update={"artifacts": [image]})], folder, "index")
    pushed = push_images(client_of(plain), wanted, jobs=2)
    assert (pushed.tags, pushed.untagged) == (1, 2)
    with httpx.Client(base_url=f"http://127.0.0.1:{plain}") as client:
        path = "/v2/index/registry.k8s.io/one/manifests/v1"
        assert client.get(path, headers={"Accept": INDEX_TYPE}).content == content
    assert push_images(client_of(plain), wanted, jobs=2).untagged == 0
