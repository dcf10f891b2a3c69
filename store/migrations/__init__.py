"""Alembic's folder: one linear chain of revisions in `versions/`, importing nothing of ours.

Run by `store.migrate`; a new revision is named `NNNN_topic.py` and has `revision = "NNNN"`.
"""
