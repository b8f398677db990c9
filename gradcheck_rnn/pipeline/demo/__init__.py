"""The demo: the story of one fault, computed."""
