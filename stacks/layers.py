"""The only order of the cluster's layers; `requires` in component.yaml orders the components inside one."""

LAYERS = ("foundation", "monitoring", "notebooks")
