"""The store: RESULTS/grades.db, the one source of everything that a batch produces."""
