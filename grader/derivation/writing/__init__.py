"""Formulas as code, as text and as LaTeX."""
