"""`bedplate mirror push` to a site's own registry: pushes that are killed resume."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import pytest

from bedplate.core import paths
from factories.running_lab import RunningLab

ADDRESS = "127.0.0.1:5001"
UNIT, FOLDER = "bedplate-own-registry", "/var/lib/own-registry"
USER, PASSWORD = "pusher", "correct horse"
HTPASSWD = f"{USER}:$2b$04$PDujSG/WL3a8HCeRfvagCuBKMS8gwmh731Fq7EkABwlB8TY7c9rkm"
"""The password as a bcrypt hash of the lowest cost."""
KILLS, SEED = 20, 4
MOMENTS = (0.5, 1.6)
"""Seconds after which a push is killed; a whole push takes a little longer."""
KILLED = "137"
PULL = """
import base64, hashlib, json, sys, urllib.request
address, user, password, release, *prefixes = sys.argv[1:]
token = base64.b64encode(f"{user}:{password}".encode()).decode()
def get(path, method="GET"):
    accept = "application/vnd.oci.image.manifest.v1+json"
    headers = {"Authorization": f"Basic {token}", "Accept": accept}
    request = urllib.request.Request(f"http://{address}/v2/{path}", None, headers, method=method)
    with urllib.request.urlopen(request) as response:
        return response.read()
for artifact in json.load(open(release))["artifacts"]:
    if not artifact.get("image"):
        continue
    image, _, tag = artifact["image"].rpartition(":")
    for prefix in prefixes:
        name = f"{prefix}/{image}"
        manifest = get(f"{name}/manifests/{tag}")
        assert hashlib.sha256(manifest).hexdigest() == artifact["sha256"], name
        parts = json.loads(manifest)
        for part in [parts["config"], *parts["layers"]]:
            get(f"{name}/blobs/{part['digest']}", "HEAD")
        print(name)
"""


@pytest.fixture(scope="module")
def registry(lab: RunningLab) -> Iterator[str]:
    """Run the release's registry program, writable and with a user, on the bastion's loopback address."""
    settings = {
        "version": 0.1,
        "http": {"addr": ADDRESS, "secret": "test"},
        "storage": {"filesystem": {"rootdirectory": f"{FOLDER}/data"}},
        "auth": {"htpasswd": {"realm": "site", "path": f"{FOLDER}/htpasswd"}},
    }
    lab.inside("mkdir", "-p", FOLDER)
    files = {"settings.json": json.dumps(settings), "htpasswd": HTPASSWD, "password": PASSWORD}
    for name, text in files.items():
        lab.inside("sh", "-c", 'printf %s "$1" >"$2"', "sh", text, f"{FOLDER}/{name}")
    program = lab.inside("sh", "-c", "ls /opt/bedplate/*/current/bin/registry").strip()
    words = ["--unit", UNIT, "--setenv=OTEL_TRACES_EXPORTER=none", program, "serve", f"{FOLDER}/settings.json"]
    lab.inside("systemd-run", *words)
    yield ADDRESS
    lab.inside("systemctl", "stop", UNIT)
    lab.inside("rm", "-rf", FOLDER)


def test_a_push_that_is_killed_resumes_and_finishes(lab: RunningLab, registry: str) -> None:
    """A push is killed at twenty moments, each into its own repositories; the next run completes every image."""
    moments = random.Random(SEED)  # noqa: S311  moments, no secrets
    release = lab.site.environment.release
    words = [str(paths.STORE), f"http://{registry}", "--user", USER, "--password-file", f"{FOLDER}/password"]
    push = ["bedplate", "mirror", "push", *words, "--release", release, "--output", "json"]
    script = 'timeout --signal=KILL "$@" >/dev/null 2>&1; echo $?'
    prefixes, ended, sent = [f"killed-{number}" for number in range(KILLS)], [], []
    for prefix in prefixes:
        moment = f"{moments.uniform(*MOMENTS):.2f}"
        ended.append(lab.inside("sh", "-c", script, "sh", moment, *push, "--prefix", prefix).strip())
        sent.append(json.loads(lab.inside(*push, "--prefix", prefix))["sent"])
    assert ended.count(KILLED) >= KILLS / 2, ended
    assert len(set(sent)) > KILLS / 4, "the kills should hit different moments"
    description = f"{paths.STORE}/releases/{release}/release.json"
    pulled = lab.inside("python3", "-c", PULL, registry, USER, PASSWORD, description, *prefixes)
    assert len(pulled.splitlines()) == KILLS * json.loads(lab.inside(*push, "--prefix", prefixes[0]))["all_tags"]
