"""The lab: a datacenter of containers on one machine, with no route out."""
