"""Models of the files that people write (release, component, environment, hosts), of locks and of bundles."""
