"""Faults that backward passes are known to have, as data: a kind of damage at a named tap of the reference."""
