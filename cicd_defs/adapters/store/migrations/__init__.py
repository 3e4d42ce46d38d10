"""How our tables came to be: Alembic runs `env.py`, which runs what is in `versions/`, in one transaction."""
