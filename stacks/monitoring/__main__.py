"""Short entry for sites that run the ordinary pulumi CLI; `bedplate apply` declares the same (contract 14)."""

from bedplate.cluster import stack_program

stack_program.main("monitoring")
