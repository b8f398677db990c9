"""A configuration and an adapter for somebody's file, from its text alone: the file is read and never run."""
