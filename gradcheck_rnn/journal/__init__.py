"""The journal: results of finished shards in a file, so that a check which was killed goes on where it was."""
