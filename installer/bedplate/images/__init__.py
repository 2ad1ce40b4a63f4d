"""Finding the container images that Kubernetes objects name, in fields, arguments, variables and nested documents.

`scan.images_of(object)` returns every reference in one object, `scan.images_in(value)` in any parsed value.
"""
