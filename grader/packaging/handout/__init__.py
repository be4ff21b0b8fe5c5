"""What students get: the folder, and what its tests need."""
