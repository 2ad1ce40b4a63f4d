# ruff: noqa: INP001  a script of its own
"""Write each FOLDER/ENVIRONMENT.md as one note on the merge request; update it next time, delete it when obsolete.

Runs in a GitLab job: GitLab sets CI_API_V4_URL, CI_PROJECT_ID and CI_MERGE_REQUEST_IID; you set DIFF_TOKEN.
API: https://docs.gitlab.com/api/notes/#merge-requests. Uses only Python's standard library.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from pathlib import Path
from typing import Any

MARKER = "<!-- bedplate diff -->"
PAGE = 100


def main(folder: Path) -> None:
    """Make the merge request's notes match the folder."""
    wanted = {f"<!-- environment {file.stem} -->": file.read_text() for file in sorted(folder.glob("*.md"))}
    ours = [note for note in notes() if note["body"].startswith(MARKER)]
    for marker, text in wanted.items():
        body = {"body": f"{text}\n{marker}\n"}
        old = next((note for note in ours if marker in note["body"]), None)
        call("PUT" if old else "POST", f"/{old['id']}" if old else "", body)
    for note in ours:
        if not any(marker in note["body"] for marker in wanted):
            call("DELETE", f"/{note['id']}")


def notes() -> list[dict[str, Any]]:
    """Return all notes on the merge request."""
    found: list[dict[str, Any]] = []
    while len(found) % PAGE == 0:
        page = call("GET", f"?per_page={PAGE}&page={len(found) // PAGE + 1}")
        found += page
        if not page:
            break
    return found


def call(method: str, rest: str, body: dict[str, str] | None = None) -> Any:
    """Call the notes API and return its response."""
    project, request = os.environ["CI_PROJECT_ID"], os.environ["CI_MERGE_REQUEST_IID"]
    made = urllib.request.Request(  # noqa: S310  GitLab's own address
        f"{os.environ['CI_API_V4_URL']}/projects/{project}/merge_requests/{request}/notes{rest}",
        method=method,
        data=json.dumps(body).encode() if body else None,
        headers={"PRIVATE-TOKEN": os.environ["DIFF_TOKEN"], "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(made, timeout=60) as response:  # noqa: S310
        content = response.read()
    return json.loads(content) if content else None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
