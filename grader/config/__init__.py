"""config.yaml: its keys as types, and reading, checking and explaining it."""
