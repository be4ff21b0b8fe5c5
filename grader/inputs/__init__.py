"""What students submitted: every way of downloading a class, as a list of entries.  Reads bytes; executes nothing."""
