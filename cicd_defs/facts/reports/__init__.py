"""What runs report: steps with their exit status and output, tests, agents."""
