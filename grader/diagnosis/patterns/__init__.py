"""What may be done with right numbers, recognized from numbers alone: clipped, reordered, used for an update, and so on."""
