"""Prompt injection: attempts as data, the worst model, the house they are played in, and the scale."""
