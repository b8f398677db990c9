"""Reports in the formats that other programs read, each a pure function of reports and of how they came about."""
