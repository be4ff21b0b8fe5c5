"""What goes wrong in a formula: every formula that is one mistake away from a right one."""
