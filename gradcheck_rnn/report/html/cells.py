"""The cells of a chain map as a page shows them: how dark, which mark, and what is said of each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gradcheck_rnn.diagnose.chain_map import ChainMap
from gradcheck_rnn.diagnose.reading import read_chain

# factors of ten from the darkest cell to the lightest
DECADES = 5
# a cell below this share of the largest is rounding
ROUNDING = 1e-12
# kinds of cells: mark, words
MARKS = {"agrees": ("=", "agrees"), "empty": ("○", "empty"), "wrong": ("✕", "wrong"), "acausal": ("!", "not causal")}


@dataclass(frozen=True)
class Cell:
    """What the error of step `t` brings to use step `k`; `kind` is empty where nothing is to be there."""

    t: int
    k: int
    kind: str
    whose: str
    analytic: float
    numeric: float
    error: float
    analytic_shade: int
    numeric_shade: int

    @property
    def mark(self) -> str:
        """One character, for those who see no colours."""
        return MARKS[self.kind][0] if self.kind else ""

    @property
    def word(self) -> str:
        """The same in a word."""
        return MARKS[self.kind][1] if self.kind else ""

    @property
    def said(self) -> str:
        """Everything about the cell, for a tooltip."""
        return (
            f"error of step {self.t}, weights used at step {self.k}: {self.whose} {self.analytic:.3e}, "
            f"numeric {self.numeric:.3e}, relative error {self.error:.0e}, {self.word}"
        )


@dataclass(frozen=True)
class DrawnMap:
    """A chain map as rows of cells; `path` is the state that the error goes through, where there are several."""

    whose: str
    path: str
    rows: Sequence[Sequence[Cell]]
    reading: str

    @property
    def legend(self) -> list[tuple[str, str, str]]:
        """Kind, mark and word of the cells that there are."""
        seen = {cell.kind for row in self.rows for cell in row}
        return [(kind, *words) for kind, words in MARKS.items() if kind in seen]


def drawn_maps(chain: ChainMap, *, whose: str = "yours") -> list[DrawnMap]:
    """A chain map, and those of other paths beside it."""
    return [
        DrawnMap(
            whose,
            each.path,
            [[_cell(each, t, k, whose) for k in range(each.length)] for t in range(each.length)],
            read_chain(each),
        )
        for each in (chain, *chain.beside)
    ]


def _cell(chain: ChainMap, t: int, k: int, whose: str) -> Cell:
    analytic, numeric, error = (float(each[t, k]) for each in (chain.analytic, chain.numeric, chain.relative_error))
    kind = ""
    if not math.isnan(error):
        kind = "agrees" if chain.agrees[t, k] else "empty" if chain.empty[t, k] else "wrong"
        kind = "acausal" if chain.acausal[t, k] else kind
    largest = float(max(chain.analytic.max(), chain.numeric.max()))
    shades = (_shade(analytic, largest), _shade(numeric, largest)) if kind else (0, 0)
    return Cell(t, k, kind, whose, analytic, numeric, error, *shades)


def _shade(value: float, largest: float) -> int:
    """Percent of the darkest; what is there at all can be seen."""
    if value <= ROUNDING * largest:
        return 0
    return round(max(10.0, 100 * (1 + math.log10(value / largest) / DECADES)))
