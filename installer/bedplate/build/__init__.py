"""Building a bundle: fetch or build every artifact, check completeness, write and sign."""
