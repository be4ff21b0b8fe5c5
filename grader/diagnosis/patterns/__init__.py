"""What may be done with right numbers, recognized from the numbers themselves: clipped, reordered, used for an update, and so on."""
