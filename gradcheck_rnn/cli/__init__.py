"""The command line: parse, call, render, exit code. Nothing here imports numpy before it is needed."""

from gradcheck_rnn.cli.main import main

__all__ = ["main"]
