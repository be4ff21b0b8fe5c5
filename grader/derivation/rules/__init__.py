"""Numpy's functions and their derivatives: one entry a function, in tables that fill by themselves."""
