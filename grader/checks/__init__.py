"""Is a gradient right, wrong, or wrong only because of another one?  Pure: opens no files and starts no processes."""
