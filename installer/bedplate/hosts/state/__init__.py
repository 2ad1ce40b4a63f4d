"""The state of a host: what a run left there, read again to see whether it is still so."""
