"""The assignment grades itself: `grader validate`."""
