"""With what? Everything that touches the world: programs, git, stores, forges, sandboxes, agents. No Dagster here."""
