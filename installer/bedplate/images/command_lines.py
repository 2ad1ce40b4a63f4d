"""Image references in Dockerfiles, and in command lines of programs that pull images.

Sources: https://docs.docker.com/reference/cli/docker/container/run/, https://docs.docker.com/reference/dockerfile/#from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bedplate.images.image_name import parse_image
from bedplate.images.reference import Certainty, FoundImage

COMMAND = re.compile(
    r"(?<![\w./-])(?:/?(?:\w+/)*)(?:(?:docker|podman|nerdctl)(?P<flags>(?:\s+--?[\w-]+(?:=\S+)?)*)"
    r"\s+(?:(?:container|image)\s+)?(?:run|create|pull)"
    r"|(?:crictl|crane)\s+pull|ctr(?:\s+-\S+(?:\s+[\w.]+)?)*?\s+(?:run|(?:images?|i)\s+pull))"
    r"(?P<words>(?:[ \t]+|\\\n)[^;&|\n]*(?:\\\n[^;&|\n]*)*)"
)
PROGRAMS = ("docker", "podman", "nerdctl", "crictl", "crane", "ctr")
SWITCHES = frozenset({
    "-d", "-i", "-t", "-it", "-ti", "-di", "-dit", "-P", "-q", "-a", "--all-platforms", "--detach", "--init",
    "--interactive", "--net-host", "--no-healthcheck", "--oom-kill-disable", "--plain-http", "--privileged",
    "--publish-all", "--quiet", "--read-only", "--replace", "--rm", "--sig-proxy", "--skip-verify", "--tty",
})  # fmt: skip
"""Options without a value; after any other option, the next word is its value."""
FROM = re.compile(r"(?m)^FROM\s+(?:--platform=\S+\s+)?(?P<ref>\S+)(?:\s+[Aa][Ss]\s+(?P<stage>\S+))?[ \t]*$")
BUILDS = re.compile(r"(?m)^(?:RUN|COPY|ADD|ENTRYPOINT|CMD|WORKDIR|USER)\s")


def references(text: str) -> Iterator[FoundImage]:
    """Yield the images that commands in a text would pull."""
    for match in COMMAND.finditer(text) if " " in text else ():
        ref = _operand(match["words"].replace("\\\n", " ").split())
        # a bare word is more often prose than an image: `docker run time`
        if re.search("[/:@]", ref) and (image := parse_image(ref)):
            yield FoundImage(image, ref, Certainty.LIKELY)
    if "FROM" in text and BUILDS.search(text):
        yield from _of_dockerfile(text)


def _operand(words: list[str]) -> str:
    """Return the first word that is neither an option nor an option's value."""
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = "=" not in word and word not in SWITCHES
        else:
            return word.strip("\"'")
    return ""


def _of_dockerfile(text: str) -> Iterator[FoundImage]:
    stages = {"scratch"}
    for match in FROM.finditer(text):
        if match["ref"] not in stages and (image := parse_image(match["ref"])):
            yield FoundImage(image, match["ref"], Certainty.CERTAIN)
        stages.add(match["stage"] or "scratch")
