"""The command line: the entry point, the errors it reports, and one module per command."""
