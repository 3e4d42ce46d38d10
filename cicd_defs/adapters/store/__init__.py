"""Our store: SQLAlchemy Core over SQLite or PostgreSQL. No SQL is written elsewhere."""
