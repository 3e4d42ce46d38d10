"""Where strangers' code runs: bubblewrap, and what it may reach."""
