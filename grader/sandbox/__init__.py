"""Where students' code runs: it gets sample points and returns arrays, and can reach nothing else."""
