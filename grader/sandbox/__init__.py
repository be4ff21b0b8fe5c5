"""Where students' code runs: it gets steps and returns arrays, and can reach nothing else."""
