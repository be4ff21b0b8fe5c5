"""Gradescope: what is packed for it, what runs there, and a dry run of both."""
