"""What an evaluation found and what was decided, as people read it. What strangers wrote is shown as text."""
