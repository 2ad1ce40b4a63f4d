#!/usr/bin/env python3
"""Install a Bedplate bundle on the bastion, from the bundle alone.

    python3 /media/bundle/install --publisher publisher.pub

This one file is carried in the bundle as `install`; it needs Debian 12's python3 and an SSH client.
It proves the publisher's signature before it reads anything else, copies every blob once while it
verifies it, and may be stopped and started again at any moment.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAMESPACE = "bedplate-bundle"
PLAIN_FILES = ("index.json", "install", "oci-layout", "release.json")
UNSIGNED = ("manifest.json", "manifest.json.sig")
BLOB = re.compile(r"blobs/sha256/([0-9a-f]{64})")
CHUNK = 1 << 20
WORKERS = 4
PROGRESS_SECONDS = 2.0
PYTHON = (3, 11)


class RefusedError(Exception):
    """The bundle or the machine is not as it must be: subject, fact, next step."""

    def __init__(self, subject: str, fact: str, next_step: str = "") -> None:
        """Keep the three parts; the text is one line."""
        super().__init__(f"{subject} {fact}" + (f". Next: {next_step}" if next_step else ""))
        self.subject, self.fact, self.next_step = subject, fact, next_step


@dataclass(frozen=True)
class File:
    """One line of manifest.json."""

    path: str
    sha256: str
    size: int


# --- The bundle: signature, list of files, content -------------------------------------------------


def read_key(text: str) -> str:
    """Return the one Ed25519 public key in a text (a .pub file, or an environment's `publisher`)."""
    keys = [" ".join(line.split()[:2]) for line in text.splitlines() if line.startswith("ssh-ed25519 ")]
    if len(keys) != 1:
        raise RefusedError("publisher's key", f"is not one line 'ssh-ed25519 AAAA…' ({len(keys)} found)")
    return keys[0]


def read_signed(bundle: Path, publisher: str) -> bytes:
    """Return manifest.json, once the publisher's signature over it is proven."""
    manifest, signature = (bundle / name for name in UNSIGNED)
    for path in (manifest, signature):
        if path.is_symlink() or not path.is_file():
            raise RefusedError(f"bundle {bundle}", f"has no {path.name}", "carry the bundle in again")
    data = manifest.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        signers = Path(folder) / "signers"
        signers.write_text(f'publisher namespaces="{NAMESPACE}" {read_key(publisher)}\n')
        words = ("-Y", "verify", "-f", signers, "-I", "publisher", "-n", NAMESPACE, "-s", signature)
        done = _ssh_keygen(*words, data=data)
    if done.returncode != 0:
        fact = "is not signed by the publisher's key that this site pins"
        raise RefusedError(f"bundle {bundle}", fact, "do not install it; ask the publisher by another way")
    return data


def _ssh_keygen(*words: str | Path, data: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["ssh-keygen", *map(str, words)], input=data, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise RefusedError("program ssh-keygen", "is not on this machine", "install openssh-client") from error


def parse_manifest(data: bytes) -> list[File]:
    """Return the manifest's files; a path other than a bundle's own is refused."""
    files = [File(item["path"], item["sha256"], item["size"]) for item in json.loads(data)["files"]]
    for file in files:
        blob = BLOB.fullmatch(file.path)
        if file.path not in PLAIN_FILES and not (blob and blob[1] == file.sha256):
            raise RefusedError(f"path {file.path!r}", "in manifest.json has no place in a bundle")
    return files


def check_listing(bundle: Path, files: list[File]) -> None:
    """Refuse a missing, additional or linked file, or one of another size."""
    found = _sizes(bundle)
    wanted = {file.path: file.size for file in files}
    for path in sorted(found.keys() | wanted.keys()):
        if path not in wanted and path not in UNSIGNED:
            raise RefusedError(f"file {path}", "is in the bundle but not in its manifest", "remove it")
        if path in wanted and path not in found:
            raise RefusedError(f"file {path}", "is missing from the bundle", "carry the bundle in again")
        if path in wanted and found[path] != wanted[path]:
            fact = f"has {found[path]} bytes in place of {wanted[path]}"
            raise RefusedError(f"file {path}", fact, "carry the bundle in again")


def _sizes(bundle: Path) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for folder, folders, names in os.walk(bundle):
        for name in (*folders, *names):
            path = Path(folder) / name
            state = path.lstat()
            if stat.S_ISREG(state.st_mode):
                sizes[str(path.relative_to(bundle))] = state.st_size
            elif not stat.S_ISDIR(state.st_mode):
                raise RefusedError(f"file {path.relative_to(bundle)}", "is a link or a special file", "remove it")
    return sizes


def read_verified(bundle: Path, file: File, copy: Path | None = None) -> None:
    """Read one file against its digest; with a place to copy to, it appears there only when it is right."""
    handle = os.open(bundle / file.path, os.O_RDONLY | os.O_NOFOLLOW)
    sha = hashlib.sha256()
    temporary = copy.with_name(f".{copy.name}.part") if copy else Path(os.devnull)
    with os.fdopen(handle, "rb") as source, temporary.open("wb") as target:
        while chunk := source.read(CHUNK):
            sha.update(chunk)
            target.write(chunk)
        if copy:
            target.flush()
            os.fchmod(target.fileno(), 0o444)
            os.fsync(target.fileno())
    if sha.hexdigest() != file.sha256:
        if copy:
            temporary.unlink()
        raise RefusedError(f"file {file.path}", "has another content than was signed", "carry the bundle in again")
    if copy:
        temporary.replace(copy)


# --- The machine: what is put where -----------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """The places on the bastion; `root` is / but in tests."""

    root: Path

    @property
    def store(self) -> Path:
        """Return the store of blobs and release files."""
        return self.root / "var/lib/bedplate/store"

    @property
    def opt(self) -> Path:
        """Return the folder of programs."""
        return self.root / "opt/bedplate"

    @property
    def commands(self) -> Path:
        """Return the folder on everyone's PATH."""
        return self.root / "usr/local/bin"

    def blob(self, sha256: str) -> Path:
        """Return a blob's place in the store."""
        return self.store / "blobs/sha256" / sha256


def copy_blobs(bundle: Path, files: list[File], target: Target) -> str:
    """Copy what the store lacks; a blob that is there was verified when it came."""
    target.blob("").mkdir(parents=True, exist_ok=True)
    missing = [f for f in files if BLOB.fullmatch(f.path) and not _has(target.blob(f.sha256), f.size)]
    total, copied, told = sum(f.size for f in missing), 0, time.monotonic()
    free = shutil.disk_usage(target.store).free
    if total > free:
        raise RefusedError(f"disk of {target.store}", f"has {_mb(free)} free, {_mb(total)} are needed", "make room")
    with ThreadPoolExecutor(WORKERS) as pool:
        running = {pool.submit(read_verified, bundle, f, target.blob(f.sha256)): f for f in missing}
        for done in as_completed(running):
            try:
                done.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
            copied += running[done].size
            if time.monotonic() - told > PROGRESS_SECONDS:
                told = time.monotonic()
                say(f"      {_mb(copied)} of {_mb(total)}")
    return f"{len(missing)} files, {_mb(total)} copied and verified" if missing else "all there"


def _has(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def keep_release(bundle: Path, files: list[File], signed: bytes, target: Target) -> dict[str, Any]:
    """Write the release's three files to the store and return release.json."""
    file = next(file for file in files if file.path == "release.json")
    data = (bundle / file.path).read_bytes()
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise RefusedError("file release.json", "has another content than was signed", "carry the bundle in again")
    release: dict[str, Any] = json.loads(data)
    folder = target.store / "releases" / version_of(release)
    contents = {"release.json": data, UNSIGNED[0]: signed, UNSIGNED[1]: (bundle / UNSIGNED[1]).read_bytes()}
    for name, content in contents.items():
        _write(folder / name, content)
    return release


def version_of(release: dict[str, Any]) -> str:
    """Return the release's version without a build's label such as +relock."""
    return str(release["release"]).partition("+")[0]


def install_packages(release: dict[str, Any], target: Target) -> str:
    """Install the bastion's Debian packages from files; no source of packages is asked."""
    there = _installed()
    wanted = [a for a in _artifacts(release, release["bastion"]["packages"]) if not _is_installed(a["id"], there)]
    if not wanted:
        return "all there"
    with tempfile.TemporaryDirectory(dir=target.store) as folder:
        debs = [str(link) for link in _named(wanted, Path(folder), target)]
        settings = ["Dir::Etc::SourceList=/dev/null", "Dir::Etc::SourceParts=/dev/null", "APT::Sandbox::User=root"]
        options = [word for setting in settings for word in ("-o", setting)]
        with _no_services():
            _run(["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *options, *debs])
    return ", ".join(a["file"].partition("_")[0] for a in wanted)


@contextmanager
def _no_services() -> Iterator[None]:
    """Keep packages from starting their services: none runs before the installer configured it."""
    policy = Path("/usr/sbin/policy-rc.d")
    mine = not policy.exists()
    if mine:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        yield
    finally:
        if mine:
            policy.unlink()


def _installed() -> dict[str, str]:
    form = "${Package} ${Version} ${db:Status-Status}\n"
    lines = _run(["dpkg-query", "--show", f"--showformat={form}"]).splitlines()
    rows = [line.split() for line in lines]
    return {row[0]: row[1] for row in rows if row[-1] == "installed"}


def _is_installed(entry: str, there: dict[str, str]) -> bool:
    package, version, _ = entry.removeprefix("deb:").split("_")
    if package not in there:
        return False
    words = ["dpkg", "--compare-versions", there[package], "ge", version]
    return there[package] == version or subprocess.run(words, check=False).returncode == 0


def unpack_installer(release: dict[str, Any], target: Target) -> str:
    """Unpack the installer's tree; an unfinished or older copy is replaced as a whole, its .venv is kept."""
    tree = target.opt / "installer" / version_of(release)
    stamp = tree / ".digest"
    if stamp.is_file() and stamp.read_text() == release["installer"]:
        return "all there"
    fresh, old = (tree.with_name(f".{tree.name}.{word}") for word in ("new", "old"))
    for folder in (fresh, old):
        shutil.rmtree(folder, ignore_errors=True)
    fresh.mkdir(parents=True)
    with tarfile.open(target.blob(release["installer"])) as tar:
        tar.extractall(fresh)  # noqa: S202  the tar is the publisher's own, signed
    (fresh / stamp.name).write_text(release["installer"])
    if tree.exists():
        tree.rename(old)
    if (old / ".venv").exists():
        (old / ".venv").rename(fresh / ".venv")
    fresh.rename(tree)
    shutil.rmtree(old, ignore_errors=True)
    return str(tree)


def make_environment(release: dict[str, Any], target: Target) -> str:
    """Make the installer's Python environment from the bundle's wheels, as the launcher expects it."""
    tree = target.opt / "installer" / version_of(release)
    wheels = _artifacts(release, release["bastion"]["wheels"])
    venv, digest = tree / ".venv", hashlib.sha256("".join(a["sha256"] for a in wheels).encode()).hexdigest()
    launcher = hashlib.sha256((tree / "requirements/runtime.txt").read_bytes()).hexdigest()[:16]
    stamps = (venv / f".{launcher}", venv / f".wheels-{digest[:16]}")
    if all(stamp.exists() for stamp in stamps):
        return "all there"
    shutil.rmtree(venv, ignore_errors=True)
    _run([sys.executable, "-m", "venv", "--without-pip", str(venv)])
    if wheels:
        _install_wheels(wheels, venv, target)
    for stamp in stamps:
        stamp.touch()
    return f"{len(wheels)} wheels"


def _install_wheels(wheels: list[dict[str, Any]], venv: Path, target: Target) -> None:
    with tempfile.TemporaryDirectory(dir=target.store) as name:
        folder = Path(name)
        links = _named(wheels, folder, target)
        pip = next(link for link in links if link.name.startswith("pip-"))
        lines = [f"{_requirement(a['file'])} --hash=sha256:{a['sha256']}" for a in wheels if a["file"] != pip.name]
        _write(folder / "requirements.txt", "\n".join([*lines, ""]).encode())
        flags = ["--no-index", "--no-deps", "--no-compile", "--no-cache-dir", "--require-hashes", "--quiet"]
        words = [str(pip / "pip"), "install", *flags, "--disable-pip-version-check", "--root-user-action=ignore"]
        _run([str(venv / "bin/python"), *words, "--find-links", name, "-r", str(folder / "requirements.txt")])


def _requirement(wheel: str) -> str:
    name, version, *_ = wheel.split("-")
    return f"{name}=={version}"


def install_programs(release: dict[str, Any], target: Target) -> str:
    """Unpack the installer's programs to /opt/bedplate/<component>/<version>/ and point `current` there."""
    changed = [p["path"].rpartition("/")[2] for p in release["bastion"]["programs"] if _install_program(p, target)]
    return ", ".join(changed) or "all there"


def _install_program(program: dict[str, str], target: Target) -> bool:
    folder = target.opt / program["component"] / program["version"]
    place, stamp = folder / program["path"], folder / f".{program['path'].replace('/', '-')}.digest"
    changed = not (place.exists() and stamp.exists() and stamp.read_text() == program["artifact"])
    if changed:
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = place.with_name(f".{place.name}.part")
        with tarfile.open(target.blob(program["artifact"])) as tar:
            source = tar.extractfile(program["path"])
            if source is None:
                raise RefusedError(f"program {program['path']}", f"is no file in {program['artifact']}")
            with source, temporary.open("wb") as copy:
                shutil.copyfileobj(source, copy, CHUNK)
        temporary.chmod(0o755)
        temporary.replace(place)
        stamp.write_text(program["artifact"])
    return _link(folder.with_name("current"), folder) or changed


def link_commands(release: dict[str, Any], target: Target) -> str:
    """Put `bedplate` and the programs for people on everyone's PATH."""
    target.commands.mkdir(parents=True, exist_ok=True)
    _link(target.commands / "bedplate", target.opt / "installer" / version_of(release) / "bedplate")
    for program in release["bastion"]["programs"]:
        if program["path"].endswith("/kubectl"):
            place = target.opt / program["component"] / "current" / program["path"]
            _link(target.commands / "kubectl", place)
    return "bedplate, kubectl"


def _link(link: Path, to: Path) -> bool:
    words = os.path.relpath(to, link.parent)
    if link.is_symlink() and os.readlink(link) == words:  # noqa: PTH115  Path.readlink would lose a trailing form
        return False
    temporary = link.with_name(f".{link.name}.part")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(words)
    temporary.replace(link)
    return True


def _artifacts(release: dict[str, Any], ids: list[str]) -> list[dict[str, Any]]:
    by_id = {a["id"]: a for a in release["artifacts"]}
    return [by_id[entry] for entry in ids]


def _named(artifacts: list[dict[str, Any]], folder: Path, target: Target) -> list[Path]:
    """Give blobs the file names that apt and pip insist on, for a moment."""
    for artifact in artifacts:
        (folder / artifact["file"]).hardlink_to(target.blob(artifact["sha256"]))
    return [folder / artifact["file"] for artifact in artifacts]


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(content)
    temporary.replace(path)


def _run(words: list[str]) -> str:
    quiet = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(words, env={**os.environ, **quiet}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise RefusedError(f"command {' '.join(words[:3])}", f"ended with {done.returncode}:\n{last}")
    return done.stdout


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


def say(text: str) -> None:
    """Print a line at once, also into a pipe."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


# --- The order -------------------------------------------------------------------------------------


def install(bundle: Path, publisher: str, target: Target, *, packages: bool = True) -> None:
    """Do everything; each step says what it did and is skipped where it was done before."""
    started = time.monotonic()
    if sys.version_info[:2] != PYTHON:
        raise RefusedError("python3", f"is {sys.version.split()[0]}, not {PYTHON[0]}.{PYTHON[1]}", "use Debian 12")
    signed = read_signed(bundle, publisher)
    files = parse_manifest(signed)
    check_listing(bundle, files)
    say(f"[1/7] signature    the publisher's, over {len(files)} files ({_mb(sum(f.size for f in files))})")
    say(f"[2/7] store        {copy_blobs(bundle, files, target)}")
    release = keep_release(bundle, files, signed, target)
    say(f"[3/7] packages     {install_packages(release, target) if packages else 'left alone, as asked'}")
    say(f"[4/7] installer    {unpack_installer(release, target)}")
    say(f"[5/7] environment  {make_environment(release, target)}")
    say(f"[6/7] programs     {install_programs(release, target)}")
    say(f"[7/7] commands     {link_commands(release, target)}")
    seconds = time.monotonic() - started
    say(f"release {release['release']} is on this bastion ({seconds:.0f} s). Next: bedplate apply ENV")


def main() -> int:
    """Parse the command line, install, and turn a refusal into one line."""
    parser = argparse.ArgumentParser(prog="install", description="Install this bundle on the bastion.")
    parser.add_argument("--publisher", required=True, type=Path, help="the publisher's public key (ssh-ed25519 AAAA…)")
    parser.add_argument("--root", default=Path("/"), type=Path, help="install below this folder (for trials)")
    parser.add_argument("--no-packages", action="store_true", help="the bastion's Debian packages are there already")
    chosen = parser.parse_args()
    bundle = Path(__file__).resolve().parent
    try:
        target = Target(chosen.root.resolve())
        install(bundle, chosen.publisher.read_text(), target, packages=not chosen.no_packages)
    except (RefusedError, OSError) as error:
        sys.stderr.write(f"install: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
