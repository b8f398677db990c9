"""How long a patch is searched for: constants alone, so that nothing else is imported for a default."""

# seconds of a search that somebody asked for
TIME_LIMIT = 60.0
# seconds of one beside something else, a page or a test: who wants it longer says so
BESIDE = 20.0
