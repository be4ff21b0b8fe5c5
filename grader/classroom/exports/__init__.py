"""The store as files that other programs read: CSV tables, feedback, and what Canvas, Moodle and Gradescope take."""
