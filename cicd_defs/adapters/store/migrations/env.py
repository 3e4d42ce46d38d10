"""What Alembic runs for each command, on the connection that `cicd_defs.adapters.store.engine` gives."""

from alembic import context

from cicd_defs.adapters.store import tables  # noqa: F401 - they put their tables into the metadata
from cicd_defs.adapters.store.forge import tables as forge_tables  # noqa: F401
from cicd_defs.adapters.store.metadata import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
