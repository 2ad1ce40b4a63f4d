"""Render a component's Jinja templates into Kubernetes objects."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import jinja2
import yaml

from bedplate.config.component import Component
from bedplate.core import quantity
from bedplate.core.errors import InputError, SourceLocation
from bedplate.core.file_endings import find_files
from bedplate.kube.object_id import SECRET_REF
from bedplate.render.rendered import Rendered

ENDING = ".yaml.j2"


def render_templates(folder: Path, component: Component, values: dict[str, Any]) -> list[Rendered]:
    """Return the objects of a component's templates: ``*.yaml.j2`` once, ``tenant/*.yaml.j2`` once per tenant."""
    environment = _environment(folder, component)
    objects = [
        rendered for path in find_files(folder, "*", ENDING) for rendered in _render_file(environment, path, values)
    ]
    for tenant in values["tenants"]:
        for path in find_files(folder, "tenant/*", ENDING):
            objects += _render_file(environment, path, {**values, "tenant": tenant})
    return objects


def _environment(folder: Path, component: Component) -> jinja2.Environment:
    environment = jinja2.Environment(  # noqa: S701  the output is YAML, not HTML
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    declared = {f"{secret.name}/{secret.key}" for secret in component.secrets}

    def secret(reference: str) -> str:
        if reference not in declared:
            raise LookupError(f"secret {reference} is not one of component.yaml's secrets: {sorted(declared)}")
        return json.dumps({SECRET_REF: reference})

    def file(name: str) -> str:
        return (folder / name).read_text()

    environment.globals |= {"secret": secret, "file": file}
    environment.filters |= {"json": _json, "base64": _base64, "quantity": quantity.parse}
    return environment


def _json(value: Any) -> str:
    """Return JSON, which is valid YAML on one line; Jinja's own tojson escapes for HTML."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _render_file(environment: jinja2.Environment, path: Path, values: dict[str, Any]) -> list[Rendered]:
    name = str(path.relative_to(Path(str(environment.loader.searchpath[0]))))  # type: ignore[union-attr]
    try:
        text = environment.get_template(name).render(values)
        documents = [document for document in yaml.load_all(text, Loader=yaml.CSafeLoader) if document is not None]
    except jinja2.TemplateSyntaxError as error:
        raise _error(str(error.message), "correct the Jinja syntax", path, error.lineno) from error
    except (jinja2.TemplateError, LookupError, OSError, TypeError, ValueError) as error:
        hint = "manifests/README.md lists the variables and functions of templates"
        raise _error(f"cannot be rendered: {error}", hint, path, _line(error, path)) from error
    except yaml.YAMLError as error:
        hint = "check indentation, and quote values with the filter json"
        raise _error(f"does not produce YAML: {' '.join(str(error).split())}", hint, path) from error
    for document in documents:
        _check_object(document, path)
    return [Rendered(str(path), document) for document in documents]


def _error(fact: str, hint: str, path: Path, line: int = 0) -> InputError:
    return InputError("template", fact, hint, SourceLocation(str(path), line))


def _line(error: Exception, path: Path) -> int:
    """Return the line of the template that caused an error: Jinja's frames have the template's file and line."""
    line, frame = 0, error.__traceback__
    while frame:
        if frame.tb_frame.f_code.co_filename == str(path):
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def _check_object(document: Any, path: Path) -> None:
    metadata = document.get("metadata") if isinstance(document, dict) else None
    is_named = isinstance(metadata, dict) and metadata.get("name")
    if not (is_named and document.get("apiVersion") and document.get("kind")):
        raise _error("has a document without apiVersion, kind or metadata.name", "add what is missing", path)
