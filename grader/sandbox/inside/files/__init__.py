"""Reads what students submit: scripts, notebooks, and files that are neither."""
