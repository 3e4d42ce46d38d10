"""Tests of the facts room: what detection says of trees held in memory."""
