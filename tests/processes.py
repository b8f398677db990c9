"""Is a process still there?"""

import os
from pathlib import Path


def runs(process_id: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
