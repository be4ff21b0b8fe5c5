"""Commands that change marks by hand."""
