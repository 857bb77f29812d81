"""Alembic's entry: runs on the connection that ``callcenter.storage.schema`` hands over."""

from __future__ import annotations

from alembic import context

from callcenter.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
# The caller's transaction is already open: nothing is committed here.
with context.begin_transaction():
    context.run_migrations()
