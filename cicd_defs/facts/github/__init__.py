"""What a forge reports: events, and pull requests with their reviews, checks and comments."""
