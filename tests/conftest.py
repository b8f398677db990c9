"""What holds for all tests.

Hypothesis draws the same examples at each run: a test that fails today failed yesterday. The processes that tests start
find the bytecode that the ones before them wrote, as those of an installed program do. Nobody is on GitHub Actions.
"""

import os
import sys

from hypothesis import settings

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
os.environ.pop("GITHUB_ACTIONS", None)

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, for tests of processes wait much of the time."""
    return (os.cpu_count() or 1) + 1
