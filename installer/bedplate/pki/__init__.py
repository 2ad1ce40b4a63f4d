"""An environment's own trust and secrets: its authority, certificates, and the values components ask for."""
