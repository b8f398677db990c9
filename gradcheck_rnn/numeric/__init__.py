"""Numeric gradients with an error estimate for every entry."""
