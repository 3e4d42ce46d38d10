"""Random edits by hand to generated files, and bumps by bots: none may be lost when the files are generated again."""
