"""Drills: a colleague talks to a difficult client that the program plays, is scored by a rubric, and takes exams.

Scenarios are files in `scenarios/`, or written in the desk; rules are pure; what was played is kept with its edition.
"""
