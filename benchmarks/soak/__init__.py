"""The soak: the real program for hours against strict platforms of our own, with faults; who was lost, who was doubled.

`play` is a run; what it is made of is in `benchmarks.theatre`.
"""
