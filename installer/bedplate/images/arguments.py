"""Arguments of command lines: which word is an image, which is a list of images, and which is only text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bedplate.images.reference import Certainty

FLAG = re.compile(r"--?(?P<name>[\w.-]*)image(?:=(?P<value>.*))?", re.IGNORECASE | re.DOTALL)
FLAGS = re.compile(r"--?[\w.-]*images=(?P<value>.*)", re.IGNORECASE | re.DOTALL)
OPTION = re.compile(r"--?(?P<name>[A-Za-z][\w.-]*)=(?P<value>.*)", re.DOTALL)


class Argument(NamedTuple):
    """How to read one word of a command line.

    Attributes:
        number: its index.
        text: the part of it to read.
        bare: certainty of a name without host, tag and digest, if an image is expected; None for plain text.
        many: whether several images are expected.
        tagless: whether a program adds the tag (`--thanos-default-base-image`).
    """

    number: int
    text: str
    bare: Certainty | None = None
    many: bool = False
    tagless: bool = False


def arguments(words: Sequence[str]) -> Iterator[Argument]:
    """Yield how to read each word: `--x-image=REF`, `--x-image REF`, `--images=REF,REF`, or anything else."""
    for number, word in enumerate(words):
        flag, flags = FLAG.fullmatch(word), FLAGS.fullmatch(word)
        following = words[number + 1] if number + 1 < len(words) else "-"
        if flag and flag["value"] is not None:
            yield Argument(number, flag["value"], Certainty.LIKELY, tagless=flag["name"].endswith("base-"))
        elif flag and not following.startswith("-"):
            yield Argument(number + 1, following, Certainty.POSSIBLE, tagless=flag["name"].endswith("base-"))
        elif flags:
            yield Argument(number, flags["value"], many=True)
        else:
            yield Argument(number, word)


def options(words: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Return options with values by name (in the form of variables), with index and value."""
    matches = {number: OPTION.fullmatch(word) for number, word in enumerate(words)}
    return {m["name"].replace("-", "_").upper(): (number, m["value"]) for number, m in matches.items() if m}
