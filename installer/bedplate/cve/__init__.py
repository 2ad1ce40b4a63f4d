"""Known vulnerabilities of a bundle's packages, matched offline against a carried file of advisories."""
