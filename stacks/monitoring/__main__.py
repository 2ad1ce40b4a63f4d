"""Short entry for sites that run the ordinary pulumi CLI; `bedplate apply` declares the same (contract 14)."""

from bedplate.stack import entry

entry.main("monitoring")
