"""Which mistakes give these numbers: searches in the tables, in differences and quotients, and along chains."""
