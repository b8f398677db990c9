"""A demonstration in the terminal: chapters, each of a few sentences and what was computed."""

from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gradcheck_rnn.report import story_words as words
from gradcheck_rnn.report.chapters import ClassicCheck, Look, Story
from gradcheck_rnn.report.text import STYLES, WORDS, say, show_chain, show_finding, show_table, show_verdict

TITLE = "One line of a backward pass is wrong. Which?"
# columns before what stands out from the prose
INDENT = 4


def show_story(story: Story, console: Console) -> None:
    """Print a demonstration, from the first sign of a fault to the code that passes."""
    console.print(Text(TITLE, style="bold"))
    chapters = (_code, _ladder, _table, _map, _classic, _finding, _mending, _mended)
    for number, chapter in enumerate(chapters, start=1):
        console.print()
        chapter(story, console, f"{number}. ")
    console.print()
    _commands(words.what_next(story), console)


def _code(story: Story, console: Console, number: str) -> None:
    settings = story.broken.settings
    _heading(f"{number}The code", console)
    _tell(words.task(settings), console)
    _stand_out(words.formulas(settings), console)
    _tell(words.sizes(settings), console)
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
    _tell(words.two_points(), console)
    console.print()
    show_table(story.broken, console)
    console.print()
    show_verdict(story.broken, console)


def _map(story: Story, console: Console, number: str) -> None:
    _heading(f"{number}Where the chain breaks", console)
    if story.broken.chain is None:
        _tell("The chain of this net cannot be mapped.", console)
        return
    _tell(words.before_map(story.broken.chain.length), console)
    console.print()
    show_chain(story.broken.chain, console)
    _tell(words.after_map(story), console)


def _classic(story: Story, console: Console, number: str) -> None:
    _heading(f"{number}What the classic check says", console)
    _tell(words.before_classic(story.classic), console)
    console.print()
    console.print(_classic_table(story.classic))
    console.print()
    for sentence in words.after_classic(story):
        _tell(sentence, console)


def _classic_table(classic: ClassicCheck) -> Table:
    looks = {"right code": classic.right, f"cut after {classic.lags} steps": classic.cut}
    if classic.own is not None:
        looks["your code"] = classic.own
    table = Table(box=None, pad_edge=False, padding=(0, 4, 0, 0), header_style="bold")
    for heading in ("parameter", *looks):
        table.add_column(heading, no_wrap=True)
    for name in classic.right.errors:
        table.add_row(name, *(_seen(look.errors[name], classic.tolerance) for look in looks.values()))
    table.add_row("gradcheck-rnn", *(_verdict(look) for look in looks.values()))
    return table


def _seen(error: float, tolerance: float) -> Text:
    verdict = "pass" if error <= tolerance else "fail"
    return Text.assemble(f"{error:.1e} ", (WORDS[verdict], STYLES[verdict]))


def _verdict(look: Look) -> Text:
    return Text.assemble(" " * len("0.0e+00 "), (WORDS[look.outcome], STYLES[look.outcome]))


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
