"""Formulas as data: from the derivation's graphs, one for all sizes, evaluated, written out as text."""
