"""Hypothesis draws the same examples at each run: a test that fails today failed yesterday."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")
