"""The gallery: complete assignments to copy, and their labelled wrong submissions."""
