"""The numeric gradient of a configuration and nothing else: `python -m tests.benchmarks.cold_numeric FILE`."""

import os
import sys


def main(file: str) -> None:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does, before NumPy is imported

    from gradcheck_rnn.config import load_settings
    from gradcheck_rnn.model.draw import configured_problem
    from tests.benchmarks.ours import numeric_gradient

    numeric_gradient(configured_problem(load_settings(file)), workers=os.cpu_count() or 1)


if __name__ == "__main__":
    main(sys.argv[1])
