"""The lab: a datacenter of containers on one computer, without a route out."""
