"""Finds the broken term in a hand-written backward pass of a recurrent net."""

__version__ = "0.1.0"
