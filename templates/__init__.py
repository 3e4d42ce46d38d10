"""Which words? Jinja2 templates of texts that people and agents read. Never of workflows: those are serialised."""
