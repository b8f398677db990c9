"""A page for each kind of finding: what it means, how it shows, a sample with the fault and the same sample mended."""

from gradcheck_rnn.explain.broken import SAMPLE_FOLDER, broken_sample
from gradcheck_rnn.explain.page import GROUPS, Page, read_page, read_pages
from gradcheck_rnn.explain.plain import Line, plain_lines

__all__ = ["GROUPS", "SAMPLE_FOLDER", "Line", "Page", "broken_sample", "plain_lines", "read_page", "read_pages"]
