"""Operators: each takes a function of the user's and yields small edits of it, whether they mend anything or not."""
