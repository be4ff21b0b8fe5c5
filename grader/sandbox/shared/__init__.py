"""What both sides of the wall must agree on.  Imports nothing else of the package."""
