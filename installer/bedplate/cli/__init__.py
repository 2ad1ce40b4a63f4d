"""The command line: each command is a module of this package that parses, makes one library call and prints."""

from __future__ import annotations

import importlib
import logging
import os
import pkgutil
import re
import sys
from types import ModuleType
from typing import Annotated, Any

import typer

# typer has its own copy of click, and exports neither this class nor its parents
from typer._click.exceptions import ClickException, NoArgsIsHelpError
from typer.models import CommandInfo, TyperInfo

import bedplate
from bedplate.cli.command_groups import BAD_INPUT, FAILURE, INTERRUPTED, OK, new_group
from bedplate.cli.file_errors import file_error
from bedplate.cli.help_text import HelpGroup
from bedplate.core.errors import BedplateError, ErrorList

PANELS = {
    "Lab": ("lab",),
    "Site": (
        *("init", "check", "render", "diff", "preflight", "apply", "verify", "status"),
        *("drift", "pulumi", "user", "report"),
    ),
    "Release": ("lock", "images", "release"),
    "Bundle": ("bundle", "mirror", "key"),
}
"""Commands by what they work on, in the order in which `--help` lists them."""
HELP = """Install, check and upgrade a machine-learning platform without internet access.

Run `bedplate COMMAND --help` for the details of a command.
"""
EPILOG = f"""Example:
  bedplate lab up

Exit codes:
  {OK}    done
  {FAILURE}    failed
  {BAD_INPUT}    bad input; nothing was changed
  {INTERRUPTED}  interrupted (Ctrl-C); run the same command again to resume"""


def main() -> None:
    """Run the command that is typed, and exit with its code."""
    words = sys.argv[1:]
    try:
        sys.exit(_run(words))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(FAILURE)
    except Exception as error:
        if "--debug" in words:
            raise
        known = error if isinstance(error, BedplateError | ErrorList) else file_error(error, words)
        if known:
            sys.stderr.write(_lines(known))
            sys.exit(known.exit_code)
        sys.stderr.write(
            f"error: unexpected {type(error).__name__}: {error}\n"
            "  hint: run the same command as `bedplate --debug …`, and report its output\n"
        )
        sys.exit(FAILURE)


def _run(words: list[str]) -> int:
    """Run the command, say what is wrong with the words that were typed, and return the exit code."""
    try:
        code: int = build(words)(prog_name="bedplate", standalone_mode=False) or OK
    except NoArgsIsHelpError as error:
        typer.echo(error.message, err=True)
        return BAD_INPUT
    except ClickException as error:
        sys.stderr.write(_usage_error(error))
        return BAD_INPUT
    except typer.Abort:
        sys.stderr.write("error: stopped; nothing was changed\n")
        return FAILURE
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code == INTERRUPTED:
        sys.stderr.write("error: interrupted\n  hint: run the same command again to resume\n")
    return code


def _lines(error: BedplateError | ErrorList) -> str:
    errors = error.errors if isinstance(error, ErrorList) else [error]
    return "".join(f"{one}\n" if one.location else f"error: {one}\n" for one in errors)


def _usage_error(error: ClickException) -> str:
    """Return what is wrong with the words that were typed, and where to read more."""
    context: Any = getattr(error, "ctx", None)
    message, suggestion = _split_suggestion(error.format_message())
    command = context.command_path if context else "bedplate"
    hint = f"did you mean {suggestion}?" if suggestion else f"run `{command} --help`"
    return f"error: {message[:1].lower()}{message[1:].rstrip('.')}\n  hint: {hint}\n"


def _split_suggestion(message: str) -> tuple[str, str]:
    """Return click's message, and what it suggests to type, in its two forms: for commands and for options."""
    found = re.fullmatch(r"(.*?)(?:\. Did you mean (.*)\?| \(Possible options: (.*)\))", message)
    return (found[1], found[2] or found[3]) if found else (message, "")


class _Root(HelpGroup):
    """The app itself, which lists its commands by panel."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands, in the order of PANELS."""
        listed = [name for names in PANELS.values() for name in names]
        return sorted(
            super().list_commands(ctx), key=lambda name: listed.index(name) if name in listed else len(listed)
        )


def build(words: list[str]) -> typer.Typer:
    """Return the app with the one command that is typed, or with all of them."""
    settings = {"help_option_names": ["-h", "--help"]}
    app = new_group(HELP, kind=_Root, name="bedplate", epilog=EPILOG, context_settings=settings)
    app.callback()(_global)
    for module in _typed(words) or _all():
        module.register(app)
    panel_of = {name: panel for panel, names in PANELS.items() for name in names}
    infos: list[CommandInfo | TyperInfo] = [*app.registered_commands, *app.registered_groups]
    for info in infos:
        info.rich_help_panel = panel_of.get(info.name or "", "")
    return app


def _typed(words: list[str]) -> list[ModuleType]:
    """Return the module of the command that is typed: the others need not be imported, which takes a second."""
    name = next((word for word in words if not word.startswith("-")), "")
    names = {module.name for module in pkgutil.iter_modules(__path__)}
    return _commands([name]) if name in names else []


def _all() -> list[ModuleType]:
    listed = [name for names in PANELS.values() for name in names]
    others = sorted({module.name for module in pkgutil.iter_modules(__path__)} - set(listed))
    return _commands([*listed, *others])


def _commands(names: list[str]) -> list[ModuleType]:
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return [module for module in modules if hasattr(module, "register")]


def _show_version(value: bool) -> None:  # noqa: FBT001  typer's callbacks take the value so
    if value:
        typer.echo(f"bedplate {bedplate.__version__}")
        raise typer.Exit


def _global(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Log every action, and show tracebacks.")] = False,
    version: Annotated[  # noqa: ARG001  the callback has done it
        bool, typer.Option("--version", help="Print the installer's version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    form = "%(asctime)s %(name)s: %(message)s" if debug else "%(message)s"
    logging.basicConfig(level=logging.DEBUG if debug else logging.WARNING, format=form, stream=sys.stderr)
    if not debug:
        # Pulumi's library logs a question that the CLI cannot answer as an error, though the CLI continues without.
        logging.getLogger("grpc").setLevel(logging.CRITICAL)
        os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # its C code logs each program that is started
