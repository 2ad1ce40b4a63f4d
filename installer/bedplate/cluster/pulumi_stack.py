"""Pulumi stacks: apply objects by the Automation API with an inline program, offline.

There is one project ``bedplate-<layer>`` per layer, and a stack for each part of it (see layer_parts). The state is a
file backend on the bastion, ``<state>/pulumi``. Pulumi contacts no host but the API server, and downloads no plugin.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.runtime import stack as pulumi_loop

from bedplate.artifacts import find_program
from bedplate.cluster import pulumi_resources, stack_lock, stack_state
from bedplate.cluster.pulumi_launcher import ensure_launcher
from bedplate.cluster.stack_name import StackName
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.core import files
from bedplate.core.errors import BedplateError
from bedplate.render.rendered import RenderedObject

UNCHANGED = ("same", "read", "refresh")
PAUSE_SECONDS = 0.002
Say = Callable[[str], None]


class _SleepingAsyncio:
    """The module asyncio, with a sleep that always pauses.

    While workloads start, Pulumi's loop spins on ``asyncio.sleep(0)`` and takes half a core from them.
    """

    async def sleep(self, delay: float) -> None:
        await asyncio.sleep(max(delay, PAUSE_SECONDS))

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)


pulumi_loop.asyncio = _SleepingAsyncio()  # type: ignore[assignment, attr-defined]


@dataclass(frozen=True, slots=True)
class UpResult:
    """What a run did.

    Attributes:
        changed: objects created, updated, replaced or deleted; the stack itself and its provider are none.
        total: resources in the stack.
        operations: operation to number of resources, Pulumi's own included: {"create": 3, "same": 40}.
    """

    changed: int
    total: int
    operations: dict[str, int]


@dataclass(slots=True)
class _EventListener:
    """Turns engine events into progress lines, and collects changed objects and errors."""

    say: Say
    errors: list[str] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)

    def __call__(self, event: automation.EngineEvent) -> None:
        if event.res_outputs_event:
            self._report(event.res_outputs_event.metadata)
        if event.diagnostic_event and event.diagnostic_event.severity == "error":
            self._add_error(event.diagnostic_event)

    def _report(self, metadata: Any) -> None:
        operation = str(getattr(metadata.op, "value", metadata.op))
        if operation not in UNCHANGED and "pulumi:" not in str(metadata.type):
            self.changed.add(metadata.urn)
            self.say(f"{operation} {resource_name(metadata.urn)}")

    def _add_error(self, diagnostic: automation.DiagnosticEvent) -> None:
        text = " ".join(_plain(diagnostic.message).split())
        if text and text != "update failed":
            self.errors.append(f"{resource_name(diagnostic.urn)}: {text}" if diagnostic.urn else text)


@dataclass(frozen=True, slots=True)
class StackContent:
    """What a stack applies.

    Attributes:
        name: the stack.
        objects: its objects.
        secrets: the Secrets that workloads read, those of other stacks included.
        catalog: the release; None to take Pulumi from what is installed.
    """

    name: StackName
    objects: Sequence[RenderedObject]
    secrets: pulumi_resources.Secrets
    catalog: Catalog | None = None


def up(site: Site, content: StackContent, say: Say = print) -> UpResult:
    """Apply a stack's objects and wait for its workloads.

    The cluster is read first: the stack's state does not know of objects that were deleted or changed by hand.

    Args:
        site: the environment.
        content: what the stack applies.
        say: reports each change as it is made.

    Returns:
        The number of changes.

    Raises:
        BedplateError: an object could not be applied, or a workload did not become ready.
    """
    name = content.name
    if text := stack_state.ensure_readable(site, name):
        say(text)
    stack = _stack(site, content)
    _forget_pending_operations(site, name, stack)
    listener = _EventListener(say)
    try:
        result = stack_lock.unlocked(
            site,
            name,
            stack,
            lambda: stack.up(refresh=True, on_event=listener, color="never", show_secrets=False),
        )
        operations = {str(key): count for key, count in (result.summary.resource_changes or {}).items()}
    except automation.CommandError as error:
        raise _error(name, listener, error) from error
    finally:
        stack_state.keep_copy(site, name)
    return UpResult(len(listener.changed), sum(operations.values()), operations)


def resource_name(urn: str) -> str:
    """Return the name in a resource's URN."""
    return urn.rpartition("::")[2]


def environment_variables(site: Site) -> dict[str, str]:
    """Return Pulumi's settings for an environment, without secrets, which stay in files."""
    folder = site.state / "pulumi"
    return {
        "PULUMI_BACKEND_URL": f"file://{folder}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(folder / "passphrase"),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_DISABLE_REGISTRY_RESOLVE": "true",
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_CREDENTIAL_STORE": "plaintext",
        "PULUMI_SUPPRESS_NEO_LINK": "true",
        # The release owns the objects: what it renders replaces edits by hand.
        "PULUMI_K8S_ENABLE_PATCH_FORCE": "true",
    }


def ensure_home(site: Site, catalog: Catalog | None = None) -> Path:
    """Create the environment's Pulumi folders, passphrase and launcher of the plugin; return the path of the CLI."""
    folder = site.state / "pulumi"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (folder / "passphrase").exists():
        files.write_atomic(folder / "passphrase", secrets.token_urlsafe(32), mode=0o600)
    _ensure_plugin(folder / "home", catalog)
    return find_program.find_program("pulumi", "pulumi", catalog)


def _ensure_plugin(home: Path, catalog: Catalog | None) -> None:
    """Put the release's provider into PULUMI_HOME: a launcher in a real folder, as the CLI ignores linked folders."""
    program = find_program.find_program("pulumi-kubernetes", "pulumi-resource-kubernetes", catalog)
    folder = home / "plugins" / f"resource-kubernetes-v{pulumi_resources.plugin_version()}"
    ensure_launcher(folder / program.name, program)


def program_of(site: Site, content: StackContent) -> Callable[[], None]:
    """Return a stack's program, which declares its objects."""
    return lambda: pulumi_resources.declare(site, content.objects, content.secrets)


def work_folder(site: Site, name: StackName) -> Path:
    """Return the folder of the project's Pulumi.yaml and the stack's settings; stacks that run at once share none."""
    return site.state / "pulumi" / "work" / name.layer / name.part


def ensure_stack(site: Site, content: StackContent) -> Path:
    """Create a stack and its project if they do not exist; return the path of the CLI."""
    _stack(site, content)
    return _cli(site)


def remove(site: Site, name: StackName) -> None:
    """Remove the state of a stack that has no objects any more."""
    stack = _stack(site, StackContent(name, (), {}))
    stack_lock.unlocked(site, name, stack, lambda: stack.workspace.remove_stack(name.in_pulumi(site), force=True))


def _stack(site: Site, content: StackContent) -> automation.Stack:
    launcher = _cli(site)
    ensure_launcher(launcher, ensure_home(site, content.catalog))
    # An empty variable would count as a passphrase and replace the file.
    os.environ.pop("PULUMI_CONFIG_PASSPHRASE", None)
    work = work_folder(site, content.name)
    work.mkdir(parents=True, exist_ok=True)
    return automation.create_or_select_stack(
        content.name.in_pulumi(site),
        project_name=content.name.project,
        program=program_of(site, content),
        opts=automation.LocalWorkspaceOptions(
            work_dir=str(work),
            pulumi_command=automation.PulumiCommand(root=str(launcher.parents[1])),
            project_settings=automation.ProjectSettings(name=content.name.project, runtime="python"),
            secrets_provider="passphrase",
            env_vars=environment_variables(site),
        ),
    )


def _cli(site: Site) -> Path:
    """Return the path of the CLI's launcher: bin/pulumi in a folder, as the Automation API expects it."""
    return site.state / "pulumi/cli/bin/pulumi"


def _forget_pending_operations(site: Site, name: StackName, stack: automation.Stack) -> None:
    """Forget operations that a killed run left open: server-side apply can safely repeat them."""
    if not stack_state.has_pending_operations(stack_state.read_state(stack_state.state_file(site, name))):
        return
    deployment = stack_lock.unlocked(site, name, stack, stack.export_stack)
    deployment.deployment = {**(deployment.deployment or {}), "pending_operations": []}
    stack_lock.unlocked(site, name, stack, lambda: stack.import_stack(deployment))


def _error(name: StackName, listener: _EventListener, error: automation.CommandError) -> BedplateError:
    lines = listener.errors or [line for line in str(error).splitlines() if "error" in line.lower()][-5:]
    fact = "could not be applied:\n" + "\n".join(lines or [str(error)[-2000:]])
    return BedplateError(f"stack {name}", fact, "fix the cause and apply again; finished steps are skipped")


def _plain(text: str) -> str:
    """Return a message without Pulumi's colour marks (<{%reset%}>)."""
    while "<{%" in text:
        head, _, rest = text.partition("<{%")
        text = head + rest.partition("%}>")[2]
    return text
