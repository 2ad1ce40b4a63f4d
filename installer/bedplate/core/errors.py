"""Errors for users: subject, fact, source location, and a hint at the next step."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """A file, line and column in an input. Lines and columns count from 1; 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Return ``file:line:column``, as compilers write it."""
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])


@dataclass(slots=True)
class BedplateError(Exception):
    """An expected failure, shown to the user as a line and a hint, without a traceback.

    Attributes:
        subject: what it is about ("image registry.k8s.io/pause:3.10.1").
        fact: what is wrong with it ("is in kubelet/config.yaml but not in the bundle").
        hint: the next step ("add it to manifests/kubelet/component.yaml"); may be empty.
        location: file, line and column, if an input file is at fault.
        exit_code: 1 for a failure, 2 for invalid input.
    """

    subject: str
    fact: str
    hint: str = ""
    location: SourceLocation | None = None
    exit_code: int = 1

    def __str__(self) -> str:
        """Return the message, with the hint on a line of its own."""
        prefix = f"{self.location}: " if self.location else ""
        hint = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{prefix}{self.subject} {self.fact}{hint}"


class InputError(BedplateError):
    """Invalid input; nothing was changed. Exit code 2."""

    def __init__(self, subject: str, fact: str, hint: str = "", location: SourceLocation | None = None) -> None:
        """Take the fields of a BedplateError."""
        super().__init__(subject, fact, hint, location, exit_code=2)


@dataclass(slots=True)
class ErrorList(Exception):  # noqa: N818  several errors, not one
    """Several errors found in one pass, so that a user can fix them all at once."""

    errors: list[BedplateError] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """Return the highest exit code of the errors."""
        return max((e.exit_code for e in self.errors), default=0)

    def __str__(self) -> str:
        """Return every error with its hint."""
        return "\n".join(str(e) for e in self.errors)
