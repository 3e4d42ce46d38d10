"""Jobs and steps in an order that cannot hold."""
