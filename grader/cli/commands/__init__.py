"""The commands of `grader`, one module each.  They read arguments, call the package, print; nothing imports them."""
