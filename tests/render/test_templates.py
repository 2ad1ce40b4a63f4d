"""The whitespace of templates: blocks leave none, and texts keep theirs."""

from __future__ import annotations

from pathlib import Path

from bedplate.config.component import Component
from bedplate.render.templates import render_templates

TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: one, namespace: kube-system}
data:
  text: |
    first
    {% for name in names %}
    {{ name }}
    {% endfor %}
    last
  kept: |+
    end

"""


def test_blocks_leave_no_whitespace(tmp_path: Path) -> None:
    """An indented loop in a text leaves neither lines nor spaces, and the newlines at a file's end stay."""
    (tmp_path / "one.yaml.j2").write_text(TEMPLATE)
    component = Component.model_validate({"name": "one", "summary": "a test", "layer": "foundation"})
    (rendered,) = render_templates(tmp_path, component, {"names": ["a", "b"], "tenants": []})
    assert rendered.value["data"] == {"text": "first\na\nb\nlast\n", "kept": "end\n\n"}
