"""Python code as CI meets it: modules, tests, and what they reach out to."""
