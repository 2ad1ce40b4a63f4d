"""What a user reads when something is wrong: subject, fact, next step."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """Where in an input file something stands; lines and columns count from 1, 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Return ``file:line:column`` as editors and compilers write it."""
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])


@dataclass(slots=True)
class BedplateError(Exception):
    """An expected failure: one line for the user, no traceback.

    Attributes:
        subject: what it is about ("image registry.k8s.io/pause:3.10.1").
        fact: what is wrong with it ("is named by kubelet/config.yaml and is not in the bundle").
        next_step: what to do now ("add it to manifests/kubelet/component.yaml"); may be empty.
        place: file, line and column when the cause is an input.
        exit_code: 1 for a failure, 2 for bad input.
    """

    subject: str
    fact: str
    next_step: str = ""
    place: Place | None = None
    exit_code: int = 1

    def __str__(self) -> str:
        """Return the whole message on one line."""
        where = f"{self.place}: " if self.place else ""
        step = f". Next: {self.next_step}" if self.next_step else ""
        return f"{where}{self.subject} {self.fact}{step}"


class InputError(BedplateError):
    """The user's input is wrong; nothing was changed. Exit code 2."""

    def __init__(self, subject: str, fact: str, next_step: str = "", place: Place | None = None) -> None:
        """Make an error about an input (see BedplateError for the fields)."""
        super().__init__(subject, fact, next_step, place, exit_code=2)


@dataclass(slots=True)
class Findings(Exception):  # noqa: N818  it is many errors, not one
    """Several errors found in one pass, so that a user mends them all at once."""

    errors: list[BedplateError] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """Return the worst exit code among the errors."""
        return max((e.exit_code for e in self.errors), default=0)

    def __str__(self) -> str:
        """Return one line per error."""
        return "\n".join(str(e) for e in self.errors)
