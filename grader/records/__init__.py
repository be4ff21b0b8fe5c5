"""What crosses borders as plain data: the run of a file, and its grade."""
