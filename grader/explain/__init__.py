"""`grader explain`: where a gradient comes from, for instructors."""
