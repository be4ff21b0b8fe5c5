"""From the grader's marks to final ones: the ledger's adjustments, then the late policy.  Runs nothing."""
