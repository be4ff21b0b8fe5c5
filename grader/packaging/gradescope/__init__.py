"""Gradescope: what is packed for it, what runs there, and a rehearsal of both."""
