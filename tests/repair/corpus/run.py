"""Have every slip of the corpus repaired, and judge the patches by the right source.

Run it as python -m tests.repair.corpus.run [--style NAME] [--cell lstm] [--only STYLE:SLIP] [--pairs] [--diff].
"""

import difflib
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from gradcheck_rnn.adapters.source import read_source
from gradcheck_rnn.config import load_settings
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.pipeline.fix import run_fix
from gradcheck_rnn.repair.edit import Edit, edited
from gradcheck_rnn.repair.value import Searched
from tests.repair.corpus.judge import is_right
from tests.repair.corpus.slip import Slip, Style, notebook
from tests.repair.corpus.styles import STYLES

# searches for the patches of a configuration; None where its check did not fail
Fix = Callable[[Settings], Searched | None]

REPAIRED = "repaired"
WRONG = "WRONG PATCH"
NOTHING = "nothing found"
NO_SEARCH = "no search"
DIED = "died"


@dataclass(frozen=True)
class Case:
    """One slip of a style, or two at once."""

    style: Style
    name: str

    @property
    def slips(self) -> tuple[Slip, ...]:
        return self.style.named(self.name)

    @property
    def identifier(self) -> str:
        return f"{self.style.name}:{self.name}"


@dataclass(frozen=True)
class Outcome:
    """What became of a case: the verdict, edits of the first patch, seconds, its diff or why there is none."""

    case: Case
    verdict: str
    edits: int
    seconds: float
    text: str


def cases(*, pairs: bool = False) -> list[Case]:
    """Every single slip, or every pair."""
    if pairs:
        return [Case(style, "+".join(pair)) for style in STYLES for pair in style.pairs]
    return [Case(style, slip.name) for style in STYLES for slip in style.slips]


def repair(case: Case, fix: Fix) -> Outcome:
    """Plant a case's slips, have them repaired, and judge the first patch."""
    texts = case.style.texts(case.slips)
    with TemporaryDirectory() as name:
        config = case.style.write(Path(name).resolve(), texts)
        begun = time.perf_counter()
        try:
            searched = fix(load_settings(str(config)))
        except Exception as error:  # whatever a repair dies of is reported, and the next case is tried
            return Outcome(case, DIED, 0, time.perf_counter() - begun, repr(error))
        seconds = time.perf_counter() - begun
        if searched is None:
            return Outcome(case, NO_SEARCH, 0, seconds, "")
        if not searched.patches:
            return Outcome(case, NOTHING, 0, seconds, _why_not(searched))
        edits = searched.patches[0].edits
        diff = "".join(_diffs(config.parent, edits))
    verdict = REPAIRED if _mends(case, edits) else WRONG
    return Outcome(case, verdict, len(edits), seconds, diff)


def _why_not(searched: Searched) -> str:
    mended = ", ".join(f"{name} by {count}" for name, count in searched.mended.items())
    return f"    {searched.tried} tried; {searched.stopped_by or searched.reason}; mended: {mended}"


def _mends(case: Case, edits: Sequence[Edit]) -> bool:
    def patched(sizes: Mapping[str, int]) -> dict[str, str]:
        return {name: _patched(name, text, edits) for name, text in case.style.texts(case.slips, sizes).items()}

    try:
        return is_right(case.style, patched)
    except Exception:  # a patch with which the code raises mends nothing
        return False


def _patched(name: str, text: str, edits: Sequence[Edit]) -> str:
    """A file with those of the edits that are of it; of a notebook, its cells one below the other."""
    own = [edit for edit in edits if edit.file.stem == Path(name).stem]
    if not own:
        return text
    if own[0].file.suffix != ".ipynb":
        return edited(text, own)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "cells.ipynb"
        file.write_text(notebook(text))
        return edited(read_source(file).text, own)


def _diffs(folder: Path, edits: Sequence[Edit]) -> Iterator[str]:
    for file in sorted({edit.file for edit in edits}):
        before = read_source(folder / file.name).text
        after = edited(before, [edit for edit in edits if edit.file == file])
        yield from difflib.unified_diff(
            before.splitlines(keepends=True), after.splitlines(keepends=True), file.name, file.name, n=0
        )


def row(outcome: Outcome) -> str:
    """One line of the table."""
    edits = f"{outcome.edits} edit{'s' * (outcome.edits != 1)}" if outcome.edits else ""
    return f"{outcome.case.identifier:58} {outcome.verdict:14} {edits:8} {outcome.seconds:6.1f} s"


def summary(outcomes: Sequence[Outcome]) -> str:
    """How many were repaired, by cell and by style, and how long it took."""
    lines = []
    for kind, key in (("cell", lambda o: o.case.style.cell), ("style", lambda o: o.case.style.name)):
        for name in sorted({key(each) for each in outcomes}):
            own = [each for each in outcomes if key(each) == name]
            good = sum(each.verdict == REPAIRED for each in own)
            lines.append(f"{kind} {name:24} {good:3} of {len(own):3}")
    good = [each for each in outcomes if each.verdict == REPAIRED]
    wrong = sum(each.verdict == WRONG for each in outcomes)
    as_planted = sum(each.edits <= len(each.case.slips) for each in good)
    seconds = [each.seconds for each in outcomes]
    lines += [
        f"repaired {len(good)} of {len(outcomes)} ({len(good) / len(outcomes):.1%}), "
        f"{as_planted} of them with no more edits than slips; wrong patches: {wrong}",
        f"seconds: median {statistics.median(seconds):.1f}, worst {max(seconds):.1f}",
    ]
    return "\n".join(lines)


def own_fix(workers: int | None, time_limit: float) -> Fix:
    """The tool's own repair."""
    return lambda settings: run_fix(settings, workers=workers, time_limit=time_limit).searched


@click.command()
@click.option("--style", help="Only this style.")
@click.option("--cell", help="Only styles of this cell: tanh, relu, sigmoid, lstm, gru, custom.")
@click.option("--only", help="Only this case, STYLE:SLIP or STYLE:SLIP+SLIP.")
@click.option("--pairs", is_flag=True, help="Two slips at once instead of one.")
@click.option("--every", default=1, help="Only each n-th case.")
@click.option("--diff", is_flag=True, help="Show each patch.")
@click.option("--workers", type=int, default=None)
@click.option("--time-limit", default=60.0)
def main(
    style: str | None,
    cell: str | None,
    only: str | None,
    pairs: bool,
    every: int,
    diff: bool,
    workers: int | None,
    time_limit: float,
) -> None:
    """Print a table: slip, whether it was repaired, with how many edits, seconds."""
    chosen = [
        case
        for case in cases(pairs=pairs or "+" in (only or ""))
        if style in (None, case.style.name) and cell in (None, case.style.cell) and only in (None, case.identifier)
    ][::every]
    outcomes = []
    fix = own_fix(workers, time_limit)
    for case in chosen:
        outcome = repair(case, fix)
        outcomes.append(outcome)
        click.echo(row(outcome))
        if outcome.text and (diff or outcome.verdict in (WRONG, DIED, NOTHING)):
            click.echo(outcome.text)
    if not outcomes:
        raise click.UsageError("no case is called so")
    click.echo(summary(outcomes))
    sys.exit(any(each.verdict in (WRONG, DIED) for each in outcomes))


if __name__ == "__main__":
    main()
