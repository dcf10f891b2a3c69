"""The ground floor: one database and durable jobs, on SQLite (embedded) or PostgreSQL (many processes).

Imports nothing of ours. Start at `store.db.Database.open`; jobs are in `store.jobs` and `store.worker`.
"""
