"""Reports and the lesson of the demo as web pages: one file each, that asks for nothing from elsewhere."""
