"""The derivation of a gradient, entry by entry."""
