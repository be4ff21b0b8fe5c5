"""The tables in which diagnosis looks numbers up: what goes into them, how they are built and kept."""
