"""The delivery line as it runs: every process real, on loopback, with a store of its own."""
