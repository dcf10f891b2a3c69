"""Ours beside what a user would pick instead, in one run: retrieval, turns, business time, jobs; a report with plots.

What others do runs in their own environment (`make rivals`), each script a process of its own that prints JSON; what is
not installed is named, and the rest is reported all the same. Nothing here decides anything about a figure: the same
judge counts for everybody.
"""
