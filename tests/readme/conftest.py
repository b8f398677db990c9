"""What the tests of the README share with those of the command line."""

from tests.cli.conftest import run_here

__all__ = ["run_here"]
