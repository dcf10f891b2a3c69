"""Indicators of how clients fare with us: what they say, whether they stay, what they bring."""
