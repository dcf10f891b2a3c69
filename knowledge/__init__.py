"""The manual: pages → chunks → versions of an index → passages for a question.

Knows no chat and no ticket. :class:`knowledge.service.Manual` is the way in; the rest is pure or behind it.
"""
