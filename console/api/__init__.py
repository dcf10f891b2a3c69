"""The REST API under /api/v1: an application of its own with tokens for cookies and problems for error pages.

Start at `app.create`; `gate` lets callers in, `doing` does what they ask once, the other modules are its resources.
"""
