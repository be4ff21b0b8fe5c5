"""The store as files that other programs read: CSV tables, feedback, and gradebooks for Canvas, Moodle and Gradescope."""
