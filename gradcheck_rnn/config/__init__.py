"""YAML text to checked settings: every mistake of a file is reported at once, with its place."""

from gradcheck_rnn.config.describe import describe_settings
from gradcheck_rnn.config.load import load_settings

__all__ = ["describe_settings", "load_settings"]
