"""The gradients under test: the reference's, or the user's own code, run in a guarded worker."""
