"""Raw documents: the parts of a file that can be parsed, or compared as text, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from bedplate.core.errors import SourceLocation
from bedplate.kube import yaml_text
from bedplate.kube.file_content import FileContent

CANONICAL, HOST = b'{"component":', b'{"address":'
"""How lines of `bedplate render` and `bedplate render --hosts` begin."""
PACKED = ".gz"


class DocumentForm(Enum):
    """How a raw document is written."""

    YAML = auto()
    JSON = auto()
    CANONICAL = auto()
    HOST = auto()


class RawDocument(NamedTuple):
    """A YAML document, a line that `bedplate render` printed, or a whole file of JSON.

    Attributes:
        text: the bytes.
        form: how they are written.
        file: the file's name for messages.
        before: the number of lines before it in the file.
    """

    text: bytes
    form: DocumentForm
    file: str
    before: int

    @property
    def location(self) -> SourceLocation:
        """Return the location of its first line with content."""
        first = yaml_text.first_line(self.text) if self.form is DocumentForm.YAML else 0
        return SourceLocation(self.file, self.before + first + 1)


def split_documents(content: FileContent) -> Iterator[RawDocument]:
    """Yield the raw documents of a file."""
    if content.data.startswith((CANONICAL, HOST)):
        return _lines(content)
    if _is_json(content):
        return iter([RawDocument(content.data, DocumentForm.JSON, content.file, 0)])
    return _documents(content)


def _is_json(content: FileContent) -> bool:
    """Return whether a file is JSON, and not YAML that begins like JSON."""
    named_yaml = content.file.removesuffix(PACKED).endswith((".yaml", ".yml"))
    return not named_yaml and content.data[:1024].lstrip()[:1] in {b"{", b"["} and b"\n---" not in content.data


def _lines(content: FileContent) -> Iterator[RawDocument]:
    for number, line in enumerate(content.data.split(b"\n")):
        if line and not line.isspace():
            form = DocumentForm.HOST if line.startswith(HOST) else DocumentForm.CANONICAL
            yield RawDocument(line, form, content.file, number)


def _documents(content: FileContent) -> Iterator[RawDocument]:
    counted = line = 0
    for offset, text in yaml_text.split(content.data):
        line += content.data.count(b"\n", counted, offset)
        counted = offset
        yield RawDocument(text, DocumentForm.YAML, content.file, line)
