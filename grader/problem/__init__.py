"""The assignment itself: its model, its sample points, its right gradients."""
