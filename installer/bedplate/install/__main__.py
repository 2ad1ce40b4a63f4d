"""Entry point of the bundle's installer: `python3 /media/bundle/install --publisher FILE`."""

from __future__ import annotations

import shutil
import sys
from importlib import import_module
from pathlib import Path

FOLDER = Path(__file__).resolve().parent

if __name__ == "__main__":
    # No file may be added to the bundle, but Python compiled this file before its first line ran.
    sys.dont_write_bytecode = True
    shutil.rmtree(FOLDER / "__pycache__", ignore_errors=True)
    sys.path[0] = str(FOLDER.parent)
    sys.exit(import_module(f"{FOLDER.name}.install_steps").main(FOLDER.parent))
