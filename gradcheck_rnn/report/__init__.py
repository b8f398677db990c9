"""The report, one plain value, and its pure renderers."""
