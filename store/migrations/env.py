"""Alembic's entry point: upgrades over the connection that `store.migrate` hands in, in its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
