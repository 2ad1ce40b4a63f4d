"""The command line: each command is a file of this folder that parses, makes one library call and prints."""

from __future__ import annotations

import importlib
import logging
import os
import pkgutil
import sys
from types import ModuleType
from typing import Annotated

import typer

import bedplate
from bedplate.core.errors import BedplateError, ErrorList

OK, FAILURE, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

HELP = """Installs, checks and upgrades a machine-learning platform inside an air gap.

Example: bedplate lab up

Exit codes: 0 done, 1 failed, 2 bad input (nothing was changed), 130 interrupted (Ctrl-C).
"""


def main() -> None:
    """Run the command that the words on the command line name, and exit with its code."""
    words = sys.argv[1:]
    try:
        build(words)(prog_name="bedplate")
    except (BedplateError, ErrorList) as error:
        if "--debug" in words:
            raise
        sys.stderr.write(_lines(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(FAILURE)
    except Exception as error:
        if "--debug" in words:
            raise
        fact = f"broke off: {type(error).__name__}: {error}"
        sys.stderr.write(
            f"error: the installer {fact}\n  hint: run the same command with --debug, and report its output\n"
        )
        sys.exit(FAILURE)
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted\n  hint: run the same command again to resume\n")
        sys.exit(INTERRUPTED)


def _lines(error: BedplateError | ErrorList) -> str:
    errors = error.errors if isinstance(error, ErrorList) else [error]
    return "".join(f"{one}\n" if one.location else f"error: {one}\n" for one in errors)


def build(words: list[str]) -> typer.Typer:
    """Return the app with the one command that is asked for, or with all of them."""
    app = typer.Typer(
        name="bedplate",
        help=HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_global)
    for module in _asked(words) or _all():
        module.register(app)
    return app


def _asked(words: list[str]) -> list[ModuleType]:
    """Return the module of the command that is asked for: the others need not be imported, which takes a second."""
    name = next((word for word in words if not word.startswith("-")), "")
    names = {module.name for module in pkgutil.iter_modules(__path__)}
    return _commands([name]) if name in names else []


def _all() -> list[ModuleType]:
    return _commands(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def _commands(names: list[str]) -> list[ModuleType]:
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return [module for module in modules if hasattr(module, "register")]


def _show_version(value: bool) -> None:  # noqa: FBT001  typer's callbacks take the value so
    if value:
        typer.echo(f"bedplate {bedplate.__version__}")
        raise typer.Exit


def _global(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Say everything that is done; show tracebacks.")] = False,
    version: Annotated[  # noqa: ARG001  the callback has done it
        bool, typer.Option("--version", help="Print the installer's version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    form = "%(asctime)s %(name)s: %(message)s" if debug else "%(message)s"
    logging.basicConfig(level=logging.DEBUG if debug else logging.WARNING, format=form, stream=sys.stderr)
    if not debug:
        # Pulumi's library reports a question of the CLI that it cannot answer as an error; the CLI goes on without.
        logging.getLogger("grpc").setLevel(logging.CRITICAL)
        os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # its C code tells of each program that is started
