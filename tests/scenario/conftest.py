"""A private PostgreSQL for the scenes that need one."""

from tests.databases import postgres_server

__all__ = ["postgres_server"]
