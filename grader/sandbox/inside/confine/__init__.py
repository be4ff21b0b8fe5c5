"""What takes a child's privileges away, and the test that nothing is left."""
