"""When? Schedules, and later the sensors that listen."""
