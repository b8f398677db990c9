"""A repair for people: the diff, what it does to each parameter, where that was verified, how it is applied."""

import math
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from rich.text import Text

from gradcheck_rnn.repair.patch import FileDiff
from gradcheck_rnn.repair.value import Errors, Patch, Searched
from gradcheck_rnn.report.duration import in_words
from gradcheck_rnn.report.repair.value import Repair
from gradcheck_rnn.report.text import plain_text, say, show, show_finding, show_verdict, verdict_text
from gradcheck_rnn.report.value import Report
from gradcheck_rnn.report.words import headline

# the configuration that comes from stdin
STDIN = "-"
# other edits that are shown; JSON has all
MOST_OTHERS = 3
# how much longer than what comes before its first edit a search mostly takes
TIMES = 10
# styles of a diff's lines by their first character
DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def fix_command(config: str, overrides: Sequence[str]) -> str:
    """Return the command that repairs a configuration, for a shell."""
    return shlex.join(["gradcheck-rnn", "fix", config, *(part for each in overrides for part in ("--set", each))])


def show_hint(report: Report, console: Console, overrides: Sequence[str]) -> None:
    """End the report of a check that fails with the command that could repair it."""
    if report.chain is None or report.notes:  # a chain map ends with an empty line of its own
        console.print()
    source = report.settings.source
    if report.is_only_clipped:
        say(console, Text("try: fewer steps (--set sequence.length=3), at which no bound may be reached"))
        return
    console.print(Text(f"try: {fix_command(source, overrides)}{_from_where(source)}"), soft_wrap=True)


def _from_where(source: str) -> str:
    """What a command needs beside its words, as a comment of the shell."""
    return "  # with the same configuration on stdin" if source == STDIN else ""


def as_text(repair: Repair, *, folder: Path) -> str:
    """Render a repair as plain text, without a command that applies it; the diff stays as it is, to the letter."""
    if repair.searched is None:
        return plain_text(lambda console: show_repair(repair, console, folder=folder, command=""))
    verdict = plain_text(lambda console: _show_verdict_line(repair, console))
    if repair.patch is not None:
        return f"{verdict}\n\n{patch_text(repair.patch, folder=folder)}"
    searched = repair.searched
    return f"{verdict}\n" + plain_text(lambda console: _show_nothing_found(repair, searched, console, "time_limit="))


def show_repair(repair: Repair, console: Console, *, folder: Path, command: str, written: Sequence[str] = ()) -> None:
    """Print a repair.

    Args:
        repair: what was found.
        console: where to.
        folder: the working directory.
        command: the command that found it, as it would be typed.
        written: files that the first patch was written into.
    """
    searched, patch = repair.searched, repair.patch
    if repair.report.outcome == "pass":
        say(console, Text("nothing to repair"))
        show_verdict(repair.report, console)
    elif searched is None:
        show(repair.report, console)
    elif patch is None:
        _show_verdict_line(repair, console)
        _show_nothing_found(repair, searched, console, "--time-limit ")
    else:
        _show_verdict_line(repair, console)
        console.print()
        diffs = patch.diffs(folder)
        show_diffs(diffs, console)
        console.print()
        _show_proof(patch, console)
        _show_others("the same gradients", patch.equivalent_diffs(folder), console)
        _show_others("also mends every parameter", [each.diffs(folder) for each in searched.patches[1:]], console)
        _show_use(diffs, console, command=command, where=_from_where(repair.report.settings.source), written=written)


def patch_text(patch: Patch, *, folder: Path) -> str:
    """Render a patch as plain text: the diff, what it does to each parameter, where that was verified."""
    diff = "".join(each.text for each in patch.diffs(folder))

    def show_rest(console: Console) -> None:
        _show_proof(patch, console)
        _show_others("the same gradients", patch.equivalent_diffs(folder)[:MOST_OTHERS], console)

    return f"{diff}\n{plain_text(show_rest)}"


def why_no_patch(repair: Repair, *, option: str) -> str:
    """Say in plain text how far a search came that found none; `option`, before a number, sets its time limit."""

    def show_lines(console: Console) -> None:
        for line in _fruitless(repair, repair.searched or Searched(), option):
            say(console, Text(line))

    return plain_text(show_lines)


def show_diffs(diffs: Sequence[FileDiff], console: Console) -> None:
    """Print diffs to the letter: nothing is wrapped, cut or taken for markup, and what is piped is UTF-8."""
    is_coloured = console.is_terminal and not console.no_color and console.color_system is not None
    text = "".join(_coloured(diff.text) if is_coloured else diff.text for diff in diffs)
    stream = console.file
    if console.is_terminal or not hasattr(stream, "buffer"):
        stream.write(text)
    else:
        stream.flush()
        stream.buffer.write(text.encode(errors="backslashreplace"))
    stream.flush()


def _coloured(diff: str) -> str:
    header, lines = diff.split("\n")[:2], diff.split("\n")[2:]
    return "\n".join([*(_styled(line, "bold") for line in header), *(_styled(line, _style(line)) for line in lines)])


def _style(line: str) -> str:
    return DIFF_STYLES.get(line[:1], "")


def _styled(line: str, style: str) -> str:
    return Style.parse(style).render(line, color_system=ColorSystem.STANDARD) if style else line


def _show_verdict_line(repair: Repair, console: Console) -> None:
    report = repair.report
    say(console, Text.assemble(f"{report.settings.source}: ", verdict_text(report.outcome, headline(report))))


def _show_proof(patch: Patch, console: Console) -> None:
    """Print what the patch does to each parameter, where that was verified, and which findings it repairs."""
    for line in _table(patch.before, patch.after):
        console.print(Text(line))
    if patch.points:
        number = "one point" if len(patch.points) == 1 else f"{len(patch.points)} points"
        say(console, Text(f"verified at {number} that the search had not seen:"))
        for point in dict.fromkeys(patch.points):
            say(console, Text(point), indent=2)
    if patch.remains:
        say(console, Text.assemble(("remains: ", "bold"), patch.remains))
    for finding in patch.findings:
        name = f"{finding.kind} {finding.term}".strip()
        say(console, Text.assemble("repairs ", (name, "bold"), f": {finding.message}"))


def _table(before: Errors, after: Errors) -> Iterator[str]:
    width = max(map(len, ["parameter", *before]))
    yield f"{'parameter':<{width}}  relative error before    after"
    for name, error in before.items():
        yield f"{name:<{width}}  {_number(error):>21}  {_number(after.get(name)):>7}"


def _number(error: float | None) -> str:
    return "-" if error is None else f"{error:.1e}"


def _show_others(what: str, others: Sequence[Sequence[FileDiff]], console: Console) -> None:
    """Print other edits in a line each, which no program takes for a diff."""
    for diffs in others[:MOST_OTHERS]:
        console.print(Text(f"{what}: {' and '.join(_in_a_line(diff) for diff in diffs)}"), soft_wrap=True)
    if len(others) > MOST_OTHERS:
        say(console, Text(f"{what}: {len(others) - MOST_OTHERS} more, which `--output-format json` shows"))


def _in_a_line(diff: FileDiff) -> str:
    parts = [
        "; ".join(line.strip() for line in delta.after)
        if delta.after
        else f"without `{'; '.join(line.strip() for line in delta.before)}`"
        for delta in diff.deltas
    ]
    return f"{diff.place}: {', '.join(parts)}"


def _show_use(diffs: Sequence[FileDiff], console: Console, *, command: str, where: str, written: Sequence[str]) -> None:
    """Print how to apply the patch, or that it has been."""
    console.print()
    if written:
        console.print(Text(f"written: {', '.join(written)}"), soft_wrap=True)
        return
    console.print(Text(f"apply it: {command} --write{where}"), soft_wrap=True)
    if all(diff.is_applicable for diff in diffs):
        console.print(Text(f"      or: {command} | patch -p1{where}"), soft_wrap=True)
    elif any(diff.cell is not None for diff in diffs):
        say(console, Text("lines are counted within the cell; `patch` knows no cells"), indent=10)
    else:
        say(console, Text("the file lies outside the working directory, so its name is absolute"), indent=10)
        console.print(Text(f"      or: {command} | patch -p1 -d /{where}"), soft_wrap=True)


def _show_nothing_found(repair: Repair, searched: Searched, console: Console, option: str) -> None:
    """Print how far the search came, and what is known of the fault; `option`, before a number, sets its time limit."""
    for line in _fruitless(repair, searched, option):
        say(console, Text(line))
    for finding in repair.report.findings:
        console.print()
        show_finding(finding, console)


def _fruitless(repair: Repair, searched: Searched, option: str) -> Iterator[str]:
    if searched.reason:
        yield f"nothing could be searched: {searched.reason}"
        return
    if not searched.tried and not searched.stopped_by:
        yield "no patch found: in the Python of yours that runs for the gradients, there was nothing to edit"
        yield "what stands in a lambda, and not in a `def`, is left as it is"
        return
    if not searched.tried:
        yield "no patch found: not one edit was tried"
        yield from _too_short(searched, option)
        return
    yield f"no patch found: {searched.tried} edits were tried, and none makes every parameter pass"
    if searched.stopped_by == "interrupted":
        yield f"the search was interrupted after {in_words(searched.seconds)}"
    elif searched.stopped_by == "time-limit":
        limit = f"after {in_words(searched.seconds)}; `{option.strip()}` sets another one"
        yield f"the search ended at its time limit, {limit}"
        if searched.checked_in > searched.seconds:
            yield f"the check before it, whose time does not count, took {in_words(searched.checked_in)}"
    else:
        yield "these are all edits that gradcheck-rnn knows for this code"
    if searched.mended:
        counts = ", ".join(f"{name} ({_edits(count)})" for name, count in searched.mended.items())
        yield f"mended by an edit, while others stay wrong: {counts}"
    unmended = [row.name for row in repair.report.rows if row.verdict == "fail" and not searched.mended.get(row.name)]
    if unmended:
        yield f"mended by no edit: {', '.join(unmended)}"


def _too_short(searched: Searched, option: str) -> Iterator[str]:
    """What a search that ended before its first edit would have needed."""
    if searched.stopped_by == "interrupted":
        yield f"the search was interrupted after {in_words(searched.seconds)}, before its first edit"
        return
    need = max(1.0, searched.seconds)
    yield (
        f"the time limit was over before the first edit, which takes {in_words(need)} or more to come to; "
        f"a whole search takes several times that: `{option}{math.ceil(TIMES * need / 10) * 10}`"
    )


def _edits(count: int) -> str:
    return "1 edit" if count == 1 else f"{count} edits"
