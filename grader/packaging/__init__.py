"""What is handed to others: the zip for Gradescope, the students' handout, the wheel inside both."""
