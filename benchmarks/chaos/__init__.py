"""The fault matrix: each thing that goes wrong in a data centre, done to the running program under traffic.

`python -m benchmarks.chaos` plays it, `make chaos` writes `docs/faults.md` from what was seen.
"""
