"""Draws the README's picture: what `gradcheck-rnn check configs/pos_tagger.yaml` shows. Run as a module."""

import io
import os
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check
from gradcheck_rnn.report.text import show

ROOT = Path(__file__).resolve().parents[2]
PICTURE = Path(__file__).with_name("check-pos-tagger.svg")
CONFIG = "configs/pos_tagger.yaml"
WIDTH = 80
# readable on a light and on a dark page: dark text colours on a light card of its own
THEME = TerminalTheme(
    (250, 250, 247),
    (40, 42, 46),
    [(40, 42, 46), (176, 0, 32), (0, 112, 60), (138, 90, 0), (0, 80, 160), (120, 40, 140), (0, 110, 120), (90, 90, 90)],
)
# rich's own template loads its font from the web; this one takes what the reader's machine has
TEMPLATE = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>gradcheck-rnn check: W_xh, W_hh and b_h fail, W_hy and b_y pass</title>
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
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def picture() -> str:
    """Return the picture as SVG text."""
    os.chdir(ROOT)
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="standard", highlight=False
    )
    console.print(Text(f"$ gradcheck-rnn check {CONFIG}", style="bold"))
    show(run_check(load_settings(CONFIG)), console)
    return console.export_svg(title="gradcheck-rnn", theme=THEME, code_format=TEMPLATE, unique_id="check")


if __name__ == "__main__":
    PICTURE.write_text(picture())
