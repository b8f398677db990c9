"""From gradients that disagree to the term that is broken."""
