"""What a check would have caught, as a table and as JSON."""
