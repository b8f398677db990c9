"""One check, from settings to report."""
