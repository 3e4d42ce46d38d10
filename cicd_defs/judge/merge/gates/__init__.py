"""The conditions of a merge, one in each file. Its docstring is its manual. `listed.py` has the order."""
