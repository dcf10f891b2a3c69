"""Trainings of clients: planned, invited to once, attended, followed by a short quiz in chat; results told to us."""
