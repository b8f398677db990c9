"""What a check would have caught."""
