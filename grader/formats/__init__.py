"""A grade as other platforms read it: one small module per format, each with `render(grade, config) -> str`."""
