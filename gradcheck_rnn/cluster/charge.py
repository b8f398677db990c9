"""What a guard is told before anything else: whose code it runs, and that this must be the caller's own."""

from dataclasses import dataclass
from pathlib import Path

from gradcheck_rnn.analytic.session import UserCode
from gradcheck_rnn.analytic.sources import content_digest


@dataclass(frozen=True)
class Charge:
    """Which user code a guard is for; `sources` are its files with a digest of each, as the caller has them.

    `folder` and `environment` are where the caller stands, and what its variables say of threads.
    """

    code: UserCode
    sources: tuple[tuple[str, str], ...]
    folder: str
    environment: tuple[tuple[str, str], ...]

    def refuse_other_sources(self) -> None:
        """Compare the files with those of this machine.

        Raises:
            OtherSourcesError: they differ.
        """
        if differing := [file for file, content in self.sources if content_digest(Path(file)) != content]:
            raise OtherSourcesError(*differing)


class OtherSourcesError(Exception):
    """Files of the user's code are missing on this machine, or are others than the caller's; it holds their names."""
