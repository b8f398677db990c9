"""The described net: its forward pass, its loss and its reference BPTT, each mirrored by the other."""
