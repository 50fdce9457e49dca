"""Comparisons with other systems and with growing work: `python -m benchmarks`."""
