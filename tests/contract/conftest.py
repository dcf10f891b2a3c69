"""Contract suites run over every implementation; those of the database over both databases."""

from tests.databases import database, database_url, database_urls, postgres_server, postgres_urls

__all__ = ["database", "database_url", "database_urls", "postgres_server", "postgres_urls"]
