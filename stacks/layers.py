"""The order of the cluster's layers. Inside a layer, `requires` in component.yaml orders the components."""

LAYERS = ("foundation", "monitoring", "notebooks")
