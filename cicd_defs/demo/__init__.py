"""What `make demo` shows: the pipeline is made; a task becomes a merged pull request; a bad pull request is held."""
