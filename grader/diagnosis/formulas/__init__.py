"""Formulas as data: read from the solution and the model, evaluated, written out as text."""
