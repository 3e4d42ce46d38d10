"""What our own store holds: deliveries, tasks, agent runs, claims, effects."""
