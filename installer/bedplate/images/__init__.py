"""Images that Kubernetes objects name, wherever in them they hide; and nothing that only looks like one.

`walk.images_of(object)` gives every reference of one object, `walk.images_in(value)` of any parsed value.
"""
