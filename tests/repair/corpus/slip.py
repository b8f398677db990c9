"""Right code in one style, and single slips of it, as data: an exact text becomes another one."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
# I, H, O, T and B of the configuration, one digit each: places in an adapter's text do not depend on them
SIZES = {"I": 6, "H": 5, "O": 4, "T": 6, "B": 3}
HEAD = "I, H, O = {I}, {H}, {O}\n"


@dataclass(frozen=True)
class Slip:
    """What stands once in the right source becomes `wrong`; `fault` says what this is, in the words of a reviewer."""

    name: str
    right: str
    wrong: str
    fault: str


@dataclass(frozen=True)
class Style:
    """Right code in one style.

    `files` are below fixtures/, the first holds the backward pass. `net` is the configuration without its `seed` and
    `backward`, with {I}, {H}, {O}, {T} and {B} for sizes. `adapter` is the text of adapter.py, to which I, H and O are
    given; without one, the adapter is the file `entry`. `sizes_are_free` says that other sizes may be written in it.
    """

    name: str
    files: tuple[str, ...]
    net: str
    slips: tuple[Slip, ...]
    pairs: tuple[tuple[str, str], ...] = ()
    adapter: str | None = None
    entry: str = "adapter.py"
    is_notebook: bool = False
    sizes_are_free: bool = True

    @cached_property
    def cell(self) -> str:
        """The cell that the configuration names."""
        return str(self.settings(SIZES)["model"].get("cell", "tanh"))

    def settings(self, sizes: Mapping[str, int]) -> dict[str, dict[str, object]]:
        """The configuration as plain values."""
        return yaml.safe_load(self._yaml(sizes))

    def texts(self, slips: Iterable[Slip] = (), sizes: Mapping[str, int] = SIZES) -> dict[str, str]:
        """Every file by its name, with slips in it.

        Raises:
            ValueError: what a slip replaces does not stand there once.
        """
        texts = {Path(file).name: (FIXTURES / file).read_text() for file in self.files}
        if self.adapter is not None:
            texts["adapter.py"] = HEAD.format(**sizes) + self.adapter
        for slip in slips:
            (name,) = self._places(texts, slip)
            texts[name] = texts[name].replace(slip.right, slip.wrong)
        texts["net.yaml"] = self._yaml(sizes)
        return texts

    def write(self, folder: Path, texts: Mapping[str, str]) -> Path:
        """Write the files; the configuration's path."""
        for name, text in texts.items():
            first = Path(self.files[0]).name
            if self.is_notebook and name == first:
                (folder / first).with_suffix(".ipynb").write_text(notebook(text))
            else:
                (folder / name).write_text(text)
        return folder / "net.yaml"

    def named(self, name: str) -> tuple[Slip, ...]:
        """The slips of an identifier: one, or two with a plus between them."""
        return tuple(next(slip for slip in self.slips if slip.name == part) for part in name.split("+"))

    def _yaml(self, sizes: Mapping[str, int]) -> str:
        text = self.net
        for letter, size in sizes.items():
            text = text.replace("{" + letter + "}", str(size))
        return f"{text}\nseed: 0\nbackward: {{adapter: {self.entry}}}\n"

    def _places(self, texts: Mapping[str, str], slip: Slip) -> list[str]:
        found = [name for name, text in texts.items() for _ in range(text.count(slip.right))]
        if len(found) != 1 or not slip.right:
            raise ValueError(f"{self.name}: {slip.name}: {slip.right!r} stands there {len(found)} times")
        return found


def notebook(source: str) -> str:
    """A notebook, each block of the text that two empty lines separate a cell, and what notebooks have besides."""
    cells: list[dict[str, object]] = [{"cell_type": "markdown", "metadata": {}, "source": ["# Notes"]}]
    for number, block in enumerate(source.split("\n\n\n")):
        magic = "%matplotlib inline\n" if number == 0 else ""
        lines = (magic + block).splitlines(keepends=True)
        cells.append({"cell_type": "code", "execution_count": number, "metadata": {}, "outputs": [], "source": lines})
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)
