"""Recurrent cells as their equations: pure data, which forward pass, backward pass and faults are read off."""
