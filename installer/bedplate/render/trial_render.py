"""Trial rendering: an environment's objects and hosts are rendered and thrown away, to find what would be refused."""

from __future__ import annotations

from dataclasses import dataclass, field

from bedplate.artifacts.load_release import load_release
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError, ErrorList
from bedplate.render import locked_digests, objects
from bedplate.render.rendered import RenderedObject


@dataclass(frozen=True, slots=True)
class TrialRender:
    """What a trial found.

    Attributes:
        errors: what is wrong with the environment, the release or its templates.
        obstacle: why not everything could be rendered on this machine; empty if it was.
    """

    errors: list[BedplateError] = field(default_factory=list)
    obstacle: str = ""


def try_render(site: Site) -> TrialRender:
    """Render an environment with what this machine knows of its release: its installed bundle, or its lock."""
    try:
        catalog = load_release(site.environment.release)
        has_file = locked_digests.stored_release_file(catalog) or (catalog.folder / "release.lock").is_file()
        render_all(site, catalog, locked_digests.known_release_file(catalog) if has_file else None)
    except ErrorList as error:
        return TrialRender(error.errors)
    except BedplateError as error:
        is_input = error.exit_code == 2  # noqa: PLR2004  the exit code of bad input
        return TrialRender([error]) if is_input else TrialRender(obstacle=f"{error.subject} {error.fact}")
    return TrialRender(obstacle="" if has_file else f"release {site.environment.release} has no lock")


def render_all(site: Site, catalog: Catalog, release_file: ReleaseFile | None) -> list[RenderedObject]:
    """Render every object and, where the release's files are known, every host; return the objects.

    Raises:
        BedplateError: something cannot be rendered.
        ErrorList: the objects do not fit together.
    """
    digests = objects.image_digests(release_file) if release_file else {}
    rendered = objects.render_objects(site, catalog, digests)
    if release_file:
        from bedplate.render.host_specs import host_specs  # noqa: PLC0415  it loads Jinja, which --help does not need

        host_specs(site, catalog.release, catalog.components, release_file)
    return rendered
