"""What the tests of the pages share."""

from tests.explain.checking import check_sample

__all__ = ["check_sample"]
