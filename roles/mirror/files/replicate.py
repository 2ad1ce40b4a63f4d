"""Bring a registry's tree from the bastion's mirror to this host, each blob compared with its digest.

It needs only Python's standard library, because it runs on hosts. Blobs come first, then the links that make them
images, so a registry that serves this folder meanwhile never names what is missing. Blobs that are here already are
read and compared, too: a disk may have corrupted one. If it is stopped at any moment, the next run resumes.
"""

import hashlib
import json
import os
import ssl
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

LISTING = "replica/registry.json"
FOLDER = "registry"
BLOCK = 1 << 20
WORKERS = 4
TIMEOUT = 60


class Mirror:
    """The bastion's mirror, by HTTPS with the environment's own authority."""

    def __init__(self, url: str, authority: str) -> None:
        """Take its URL; proxies are not asked."""
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if url.startswith("https://"):
            handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=authority)))
        self._opener, self._url = urllib.request.build_opener(*handlers), url.rstrip("/")

    def listing(self) -> dict[str, dict[str, str]]:
        """Return what the tree holds: blobs (path to digest) and links (path to content)."""
        with self._opener.open(f"{self._url}/{LISTING}", timeout=TIMEOUT) as answer:
            found: dict[str, dict[str, str]] = json.load(answer)
        return found

    def fetch(self, path: str, sha256: str, target: Path) -> None:
        """Bring one blob; it is at its place only when it is right."""
        part, found = target.with_name(".part"), hashlib.sha256()
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._opener.open(f"{self._url}/{FOLDER}/{path}", timeout=TIMEOUT) as answer, part.open("wb") as file:
            while block := answer.read(BLOCK):
                found.update(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        if found.hexdigest() != sha256:
            part.unlink()
            raise SystemExit(f"replicate: {path} of {self._url} has digest {found.hexdigest()}, not {sha256}")
        part.chmod(0o444)
        part.replace(target)


def replicate(mirror: Mirror, root: Path) -> int:
    """Bring a folder to the listing and return the number of files written or removed."""
    listing, before = mirror.listing(), _present(root)
    blobs, links = listing["blobs"], listing["links"]
    for path in (*blobs, *links):
        if path.startswith("/") or ".." in path.split("/"):
            raise SystemExit(f"replicate: the listing names {path}, which is not in the registry's folder")
    with ThreadPoolExecutor(WORKERS) as pool:
        good = pool.map(lambda path: path in before and _digest(root / path) == blobs[path], blobs)
        missing = [path for path, is_good in zip(blobs, good, strict=True) if not is_good]
        list(pool.map(lambda path: mirror.fetch(path, blobs[path], root / path), missing))
    changed = [path for path, content in links.items() if path not in before or (root / path).read_text() != content]
    for path in changed:
        _write(root / path, links[path])
    gone = sorted(before - blobs.keys() - links.keys())
    for path in gone:
        (root / path).unlink()
    return len(missing) + len(changed) + len(gone)


def _present(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(".part")
    part.write_text(content)
    part.replace(path)


if __name__ == "__main__":
    changed = replicate(Mirror(sys.argv[1], sys.argv[3]), Path(sys.argv[2]) / FOLDER)
    sys.stdout.write(f"{changed} changed\n")
