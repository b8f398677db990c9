"""The faults of gated cells, read off their equations."""
