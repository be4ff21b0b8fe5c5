"""Where a mistake was made, from a traced run: the first wrong line, and two mistakes in two places."""
