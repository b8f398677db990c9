"""A failed check, diagnosed: what is asked of the code under test, and what follows."""
