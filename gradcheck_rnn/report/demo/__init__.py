"""The story of the demo in words."""
