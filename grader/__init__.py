"""Automatic grading of hand-derived gradients."""

__version__ = "0.1.0"
