"""Proxy settings in environment variables: a site's hosts are reached directly, so nothing there may use them."""

from __future__ import annotations

import os

LOWER = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy")
NAMES = (*LOWER, *(name.upper() for name in LOWER))
UNSET = dict.fromkeys(NAMES, "")
"""Programs treat an empty value as none, kubeadm among them, which copies all others into the cluster's own pods."""


def ignore_proxies() -> None:
    """Remove the proxy settings of this process, and so of the programs that it starts."""
    for name in NAMES:
        os.environ.pop(name, None)
