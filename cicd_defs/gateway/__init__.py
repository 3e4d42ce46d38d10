"""Doors for GitHub and for clients: FastAPI."""
