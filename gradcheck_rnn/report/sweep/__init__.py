"""A sweep as terminal plots and as JSON."""
