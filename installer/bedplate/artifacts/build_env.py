"""The environment variables of compilers: of this machine, only how it reaches its package sources."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

NETWORK_VARIABLES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"),
)
GO_NETWORK_VARIABLES = ("GOPROXY", "GONOPROXY", "GOPRIVATE", "GOINSECURE", "GOSUMDB", "GONOSUMDB", "GOAUTH", "NETRC")
GARBAGE_COLLECTION = {"GOGC": "400"}
"""Compilers written in Go (Go's own, esbuild) collect garbage only when the heap is five times what is live.

With this, a program with client-go takes 16 % less processor time, and more memory. Outputs stay the same, so it is in
no recipe (https://pkg.go.dev/runtime#hdr-Environment_Variables).
"""


def build_environment(scratch: Path, path: Iterable[Path]) -> dict[str, str]:
    """Return the whole environment of a compiler: its own home and temporary folder, and the user's network settings.

    Args:
        scratch: folder that home and temporary files go to.
        path: folders of programs that come before the system's own.
    """
    for name in ("home", "tmp"):
        (scratch / name).mkdir(exist_ok=True)
    return {
        **{name: os.environ[name] for name in NETWORK_VARIABLES if name in os.environ},
        "HOME": str(scratch / "home"),
        "TMPDIR": str(scratch / "tmp"),
        "PATH": ":".join([*(str(folder) for folder in path), "/usr/bin", "/bin"]),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        **GARBAGE_COLLECTION,
    }


def go_network_settings() -> dict[str, str]:
    """Return the user's settings of how Go reaches modules: from the environment, else from `go env -w`."""
    config = Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config")) / "go/env"
    path = Path(os.environ.get("GOENV", config))
    lines = path.read_text().splitlines() if path.is_file() else []
    written = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name: value for name in GO_NETWORK_VARIABLES if (value := os.environ.get(name, written.get(name, "")))}


def npm_network_settings() -> dict[str, str]:
    """Return the user's settings of how npm reaches packages: its variables and its configuration file."""
    variables = {name: value for name, value in os.environ.items() if name.lower().startswith("npm_config_")}
    return {"npm_config_userconfig": str(Path.home() / ".npmrc"), **variables}
