"""A grade as people and other programs read it."""
