"""The distribution `toyix`, which only a test has."""
