"""A whole class at once: worker processes, the pool of them, and the coordinator that alone writes the store."""
