"""A repair for people, with its diff, and as JSON."""
