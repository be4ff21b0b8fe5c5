"""A complete assignment from a model alone: config, stubs, handout text, solution and derivation."""
