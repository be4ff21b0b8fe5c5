"""Explains an exception in a student's code: the failing expression, the shapes in it, the likely cause."""
