"""A demonstration in the terminal: chapters, each of a few sentences and what was computed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.console import Console
from rich.text import Text

from gradcheck_rnn.report.demo import words
from gradcheck_rnn.report.demo.chapters import ClassicCheck, FoundPatch, Story
from gradcheck_rnn.report.repair.text import show_diffs
from gradcheck_rnn.report.text import STYLES, WORDS, say, show_chain, show_finding, show_table, show_verdict
from gradcheck_rnn.report.value import Outcome

# columns before what stands out from the prose
INDENT = 4
# columns of a cell of the table of the classic check
COLUMN = 20


def show_story(story: Story, console: Console) -> None:
    """Print a demonstration, from the first sign of a fault to the code that passes."""
    console.print(Text(words.TITLE, style="bold"))
    for number, chapter in enumerate(CHAPTERS, start=1):
        console.print()
        chapter(story, console, f"{number}. ")


def show_ending(story: Story, patch: FoundPatch | None, console: Console) -> None:
    """Print the last chapter, the patch if there is one, and the commands to go on with."""
    console.print()
    if patch is not None:
        _patch(patch, console, f"{len(CHAPTERS) + 1}. ")
        console.print()
    _commands(words.what_next(story), console)


def _code(story: Story, console: Console, number: str) -> None:
    settings = story.broken.settings
    _heading(f"{number}The code", console)
    _tell(words.task(settings), console)
    _stand_out(words.formulas(settings), console)
    _tell(words.sizes(settings), console)
    console.print()
    for sentences in words.situation(story):
        _tell(sentences, console)


def _ladder(story: Story, console: Console, number: str) -> None:
    _heading(number + words.ladder_heading(story), console)
    for rung in story.ladder:
        verdict = Text(f"{WORDS[rung.verdict]:<8}", style=STYLES[rung.verdict])
        console.print(Text.assemble(" " * INDENT, f"T = {rung.length}   ", verdict, words.rung(rung)))
    _tell(words.reading_of_ladder(story), console)


def _table(story: Story, console: Console, number: str) -> None:
    _heading(f"{number}The whole table, at T = {story.broken.settings.sequence.length}", console)
    _tell(words.two_points(mark="*"), console)
    console.print()
    show_table(story.broken, console)
    console.print()
    show_verdict(story.broken, console)


def _map(story: Story, console: Console, number: str) -> None:
    _heading(f"{number}Where the chain breaks", console)
    if story.broken.chain is None:
        _tell("The chain of this net cannot be mapped.", console)
        return
    _tell(words.before_map(story.broken.chain), console)
    console.print()
    show_chain(story.broken.chain, console)
    _tell(words.after_map(story), console)


def _classic(story: Story, console: Console, number: str) -> None:
    _heading(f"{number}What the classic check says", console)
    _tell(words.before_classic(story.classic), console)
    console.print()
    for row in _classic_rows(story.classic):
        console.print(row, soft_wrap=True)
    console.print()
    for sentence in words.after_classic(story):
        _tell(sentence, console)


def _classic_rows(classic: ClassicCheck) -> Iterator[Text]:
    looks = {"right code": classic.right, f"cut after {classic.lags} steps": classic.cut}
    if classic.own is not None:
        looks["your code"] = classic.own
    yield _row(Text("parameter"), [Text(title) for title in looks], style="bold")
    for name in classic.right.errors:
        yield _row(Text(name), [_seen(look.errors[name], classic.tolerance) for look in looks.values()])
    yield _row(Text("gradcheck-rnn"), [_verdict("", look.outcome) for look in looks.values()])


def _row(name: Text, cells: Sequence[Text], *, style: str = "") -> Text:
    row = Text(style=style)
    for cell in (name, *cells):
        row.rstrip()
        row.pad_right(-len(row) % COLUMN)
        row.append_text(cell)
    return row


def _seen(error: float, tolerance: float) -> Text:
    return _verdict(f"{error:.1e}", "pass" if error <= tolerance else "fail")


def _verdict(number: str, outcome: Outcome) -> Text:
    return Text.assemble(f"{number:<9}", (WORDS[outcome], STYLES[outcome]))


def _finding(story: Story, console: Console, number: str) -> None:
    _heading(f"{number}Which line it is", console)
    _tell(words.before_finding(story), console)
    for finding in story.broken.findings:
        console.print()
        show_finding(replace(finding, help=""), console)
        _tell(words.after_finding(story, finding), console)


def _mending(story: Story, console: Console, number: str) -> None:
    _heading(f"{number}The corrected line", console)
    for finding in story.broken.findings:
        for line in words.change(finding):
            style = "red" if line.startswith("-") else "green"
            say(console, Text(line, style=style), indent=INDENT)


def _mended(story: Story, console: Console, number: str) -> None:
    _heading(f"{number}The corrected code", console)
    show_table(story.mended, console)
    console.print()
    show_verdict(story.mended, console)


def _patch(patch: FoundPatch, console: Console, number: str) -> None:
    _heading(f"{number}The patch", console)
    _tell(words.before_patch(patch), console)
    console.print()
    show_diffs(patch.diffs, console)
    console.print()
    _tell(words.after_patch(patch), console)


def _commands(commands: Sequence[tuple[str, str]], console: Console) -> None:
    width = max(len(command) for command, _ in commands)
    for command, purpose in commands:
        say(console, Text.assemble((f"{command:<{width}}", "bold"), f"   {purpose}"))


def _heading(text: str, console: Console) -> None:
    say(console, Text(text, style="bold"))


def _tell(sentence: str, console: Console) -> None:
    if sentence:
        say(console, Text(sentence))


def _stand_out(lines: Sequence[str], console: Console) -> None:
    for line in lines:
        console.print(Text(" " * INDENT + line))


# those that every story has, in their order
CHAPTERS = (_code, _ladder, _table, _map, _classic, _finding, _mending, _mended)
