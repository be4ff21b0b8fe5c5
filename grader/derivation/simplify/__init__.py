"""From a graph to what a person would write."""
