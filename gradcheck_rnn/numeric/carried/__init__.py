"""Differences of the described loss that are carried through the net, from the step that moves to the loss."""
