"""May a pull request be merged? A pure function of recorded evidence."""
