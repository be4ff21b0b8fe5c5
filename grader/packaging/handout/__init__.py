"""What students get: the folder, its texts, and what its tests need."""
