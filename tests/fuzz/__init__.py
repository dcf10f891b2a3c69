"""Fuzzing: parsers, channel translations and markup get what nobody would send."""
