"""From a file to a grade: run it, check it, explain it, add up the marks."""
