"""How far projects, evaluations and tasks are, for people: nothing is decided on it."""
