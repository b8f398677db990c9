"""Faults that somebody accepts for now, in a file: whatever is not in it counts as new."""
