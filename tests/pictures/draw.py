"""Draws the README's pictures, what `check` shows and the chain maps of three faults. Run as a module."""

import io
from collections.abc import Callable, Iterable
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.diagnose.chain_map import ChainMap
from gradcheck_rnn.diagnose.reading import read_chain
from gradcheck_rnn.pipeline.check import run_check
from gradcheck_rnn.report.heatmap import MARKS, heatmap
from gradcheck_rnn.report.text import show

ROOT = Path(__file__).resolve().parents[2]
CHECK_PICTURE = Path(__file__).with_name("check-pos-tagger.svg")
MAPS_PICTURE = Path(__file__).with_name("chain-maps.svg")
CONFIG = "configs/pos_tagger.yaml"
# a right backward pass, into which the faults are put
RIGHT_CONFIG = "configs/elman.yaml"
# three faults that fail the same parameters, with the columns that a map's heading and its reading get
MAPPED = {"missing-term:dh_next": 22, "untransposed-weight:W_hh": 24, "truncated-chain:4": 22}
WIDTH = 80
# readable on a light and on a dark page: dark text colours on a light card of its own
THEME = TerminalTheme(
    (250, 250, 247),
    (40, 42, 46),
    [(40, 42, 46), (176, 0, 32), (0, 112, 60), (138, 90, 0), (0, 80, 160), (120, 40, 140), (0, 110, 120), (90, 90, 90)],
)
# what rich makes of dim text is too faint on the card; this grey has a contrast of 6 to 1
FAINT, GREY = "#7c7d7e", "#5c5d60"
# rich's own template loads its font from the web; this one takes what the reader's machine has
TEMPLATE = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>TITLE</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-family: sans-serif; font-size: 16px; }}
{styles}
</style>
<defs>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}
<g class="{unique_id}-matrix" xml:space="preserve">
{matrix}
</g>
</g>
</svg>
"""


def picture(show_in: Callable[[Console], None], *, name: str, title: str) -> str:
    """Return what is printed on a console as SVG text."""
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="standard", highlight=False
    )
    show_in(console)
    template = TEMPLATE.replace("TITLE", title)
    drawn = console.export_svg(title="gradcheck-rnn", theme=THEME, code_format=template, unique_id=name)
    return drawn.replace(FAINT, GREY)


def show_check(console: Console) -> None:
    """Print the command and its report; the chain map has a picture of its own."""
    console.print(Text(f"$ gradcheck-rnn check {CONFIG}", style="bold"))
    with chdir(ROOT):
        report = run_check(load_settings(CONFIG))
    show(replace(report, chain=None), console)


def mapped_chain(fault: str) -> ChainMap:
    """Return the chain map of the right backward pass with a fault in it."""
    with chdir(ROOT):
        chain = run_check(load_settings(RIGHT_CONFIG, overrides=[f"backward={{fault: {fault}}}"])).chain
    if chain is None:
        raise ValueError(f"no chain map of {fault}")
    return chain


def show_maps(console: Console) -> None:
    """Print the cells of three maps side by side, with the name of the fault above and the reading below."""
    maps = {fault: mapped_chain(fault) for fault in MAPPED}
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    for width in MAPPED.values():
        table.add_column(width=width)
    table.add_row("", *(Text(fault.replace(":", " "), style="bold red") for fault in maps))
    labels, _ = _labels_and_cells(next(iter(maps.values())))
    table.add_row(labels, *(_labels_and_cells(found)[1] for found in maps.values()))
    table.add_row()
    table.add_row("", *(read_chain(found) for found in maps.values()))
    console.print(Text("the error of step t, carried back to its use at step k", style="bold"))
    console.print()
    console.print(table)
    console.print()
    console.print(Text("   ".join(f"{mark} {word}" for mark, word, _ in MARKS[:3]), style="dim"))


def _labels_and_cells(found: ChainMap) -> tuple[Text, Text]:
    """Cut the labels of the rows and the last of the three panels out of a map, its heading and legend left out."""
    heading, *lines, _legend = heatmap(found, can_print=lambda _: True)
    start, labels = heading.plain.index("cells"), len("t = 0")
    return _block(line[:labels] for line in lines), _block(line[start:] for line in lines)


def _block(lines: Iterable[Text]) -> Text:
    """Join lines; only what is marked keeps a style."""
    return Text("\n").join(Text(line.plain, spans=line.spans) for line in lines)


if __name__ == "__main__":
    CHECK_PICTURE.write_text(picture(show_check, name="check", title="gradcheck-rnn names the untransposed W_hh"))
    MAPS_PICTURE.write_text(picture(show_maps, name="maps", title="the chain maps of three faults"))
