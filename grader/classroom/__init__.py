"""A whole class: grading a download, keeping the grades, exporting and reporting them."""
