"""The state of environments on a bastion, and its move from where earlier releases kept it.

/var/lib/bedplate/environments/<name>/  the state of an environment: no name collides with the store or the mirror
/var/lib/bedplate/<name>                where earlier releases kept it; after the move, a link for their programs
"""

from __future__ import annotations

from pathlib import Path

from bedplate.core import paths
from bedplate.core.errors import BedplateError
from bedplate.core.locks import lock, try_lock

LEDGER = "ledger.db"
"""Name of the ledger in the environment's state folder."""
LOCK = "apply.lock"
"""Name of the environment lock's file, which an apply holds."""
PARTS = (LEDGER, "pki", "pulumi", "secrets")
"""What tells a folder of state from any other folder."""
RESERVED = ("store", "mirror", "apt-key", paths.ENVIRONMENTS)
"""Names in /var/lib/bedplate that are not those of environments."""


def ledgers(state: Path | None = None) -> dict[str, Path]:
    """Return the ledger of each environment of this bastion, by name, moved or not."""
    root = state or paths.STATE
    found = [*sorted(root.glob(f"*/{LEDGER}")), *sorted(root.glob(f"{paths.ENVIRONMENTS}/*/{LEDGER}"))]
    return {path.parent.name: path for path in found if not path.parent.name.startswith(".")}


def ensure_state_moved(name: str) -> bool:
    """Move an environment's state from where earlier releases kept it; return whether it was moved now.

    If it is stopped at any moment, the next call finishes the move.

    Raises:
        BedplateError: an apply of an earlier release is running, or the folder cannot be moved.
    """
    if not (_is_begun(name) or _is_former_state(name)):
        return False
    with lock(paths.environment_states() / ".move.lock"):  # several commands may start at once
        if _is_begun(name):
            return _finish(name)
        return _is_former_state(name) and _move(name)


def ensure_former_link(name: str) -> None:
    """Ensure that an installer of an earlier release finds the environment's state.

    Without the link, it would take the environment for a new one, and create another authority.
    """
    former = former_folder(name)
    if name in RESERVED:
        fact = "has a name that earlier releases use themselves"
        raise BedplateError(f"environment {name}", fact, "apply a release that keeps state in environments/")
    if former.is_symlink() or not (paths.environment_states() / name).is_dir():
        return
    _remove_locks(former)
    former.symlink_to(_link_target(name))


def former_folder(name: str) -> Path:
    """Return where earlier releases kept an environment's state."""
    return paths.STATE / name


def _prepared(name: str) -> Path:
    """Return the link that is made before the move and renamed after it."""
    return paths.STATE / f".{name}.link"


def _link_target(name: str) -> Path:
    return (paths.environment_states() / name).relative_to(paths.STATE)


def _is_begun(name: str) -> bool:
    """Return whether the state was moved, and the link is not in its place yet."""
    return _prepared(name).exists() and not former_folder(name).exists()


def _is_former_state(name: str) -> bool:
    former = former_folder(name)
    has_state = any((former / part).exists() for part in PARTS)
    return has_state and former.resolve() != (paths.environment_states() / name).resolve()


def _move(name: str) -> bool:
    former, state = former_folder(name), paths.environment_states() / name
    _refuse(name, former, state)
    busy = "is being changed by an apply of an earlier release, and its state is about to be moved"
    try:
        with try_lock(former / LOCK, f"environment {name}", busy):
            _remove_locks(state)
            _prepared(name).unlink(missing_ok=True)
            _prepared(name).symlink_to(_link_target(name))
            if former.is_symlink():  # to another disk
                state.symlink_to(former.resolve())
            else:
                former.rename(state)
            return _finish(name)
    except OSError as error:
        fact = f"cannot be moved to {state} ({error.strerror})"
        raise BedplateError(f"folder {former}", fact, "move it yourself; mount a disk of its own there") from error


def _finish(name: str) -> bool:
    _prepared(name).rename(former_folder(name))
    return True


def _refuse(name: str, former: Path, state: Path) -> None:
    if name in RESERVED:
        listed = " ".join(str(former / part) for part in PARTS if (former / part).exists())
        step = f"run `mkdir -p {state} && mv {listed} {state}/`"
        raise BedplateError(f"environment {name}", f"has its state in {former}, with other things", step)
    if any((state / part).exists() for part in PARTS):
        step = "find out which one is current (see each ledger.db), and move the other one away"
        raise BedplateError(f"environment {name}", f"has state in {former} and in {state}", step)


def _remove_locks(folder: Path) -> None:
    """Remove a folder in which a sender only took a lock; OSError if it has anything else."""
    if folder.is_dir():
        (folder / LOCK).unlink(missing_ok=True)
        folder.rmdir()
