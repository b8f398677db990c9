"""Runs the command line as `python -m gradcheck_rnn`."""

from gradcheck_rnn.cli import main

if __name__ == "__main__":
    main()
