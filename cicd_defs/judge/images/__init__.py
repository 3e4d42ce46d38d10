"""Container images: how their Dockerfiles are written, where they are built and pushed."""
