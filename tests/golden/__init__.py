"""Golden files: what is generated for a few ordinary repositories, to be read as documentation.

`pytest --update-golden` writes them again; the difference is then reviewed like any other change.
"""
