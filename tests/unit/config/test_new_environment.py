"""`bedplate init` writes an environment that passes `bedplate check`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bedplate import validate
from bedplate.config import new_environment
from bedplate.config.environment_file import Environment
from bedplate.core.errors import InputError

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGnWdEDC/4AxWKKI5hMu3rc0lmgIfRS2BSnGmYZaiG9l"


def test_what_init_writes_lacks_only_the_publishers_key(tmp_path: Path) -> None:
    """A new environment is valid but for the key."""
    folder = tmp_path / "north"
    new_environment.write(folder)
    assert [error.subject for error in validate.check(folder)] == ["key publisher"]
    file = folder / "environment.yaml"
    file.write_text(file.read_text().replace(new_environment.PUBLISHER, KEY))
    assert validate.check(folder) == []


def test_every_comment_can_be_uncommented(tmp_path: Path) -> None:
    """With all '# key:' lines uncommented, the file is valid and has the defaults of the model."""
    new_environment.write(tmp_path / "north")
    text = (tmp_path / "north/environment.yaml").read_text()
    as_written = Environment.model_validate(yaml.safe_load(text))
    uncommented = yaml.safe_load(re.sub(r"^( *)# ", r"\1", _without_help(text), flags=re.MULTILINE))
    assert Environment.model_validate(uncommented) == as_written
    assert {"hosts", "preflight", "notebooks", "monitoring"} <= uncommented.keys()


def _without_help(text: str) -> str:
    """Remove the lines that are descriptions in the model."""
    helps = {field.description for model in _models(Environment) for field in model.model_fields.values()}
    head = 2
    return "\n".join(line for line in text.splitlines()[head:] if line.lstrip(" #") not in helps)


def _models(model: type[Environment]) -> list[type[Environment]]:
    inner = [field.annotation for field in model.model_fields.values() if hasattr(field.annotation, "model_fields")]
    return [model, *(nested for model_type in inner for nested in _models(model_type))]  # type: ignore[arg-type]  # checked above


def test_init_refuses_to_overwrite_a_file(tmp_path: Path) -> None:
    """If one of the files exists, neither is changed."""
    (tmp_path / "north").mkdir()
    hosts = tmp_path / "north/hosts.yaml"
    hosts.write_text("mine\n")
    with pytest.raises(InputError, match="already exists"):
        new_environment.write(tmp_path / "north")
    assert hosts.read_text() == "mine\n"
    assert not (tmp_path / "north/environment.yaml").exists()
