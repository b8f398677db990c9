"""Slips in right backward passes of many styles, and who judges what repairs them."""
