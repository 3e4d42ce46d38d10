"""What a repository has beside its workflows."""
