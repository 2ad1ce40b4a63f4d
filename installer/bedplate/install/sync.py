"""Flush a file system to disk before a stamp file is written.

Otherwise a power cut could leave a stamp next to empty files.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path


def sync_filesystem(folder: Path) -> None:
    """Flush the file system of a folder to disk.

    syncfs(2) is one call for thousands of unpacked files, and leaves other disks alone.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(handle) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(handle)
