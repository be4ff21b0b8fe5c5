"""What others get: the zip for Gradescope, the students' handout, and the wheel inside both."""
