"""Doors for Dagster: one module for each code location."""
