"""Differences of the values of one sweep, carried from step to step for a block of runs.

What travels is D = moved value - base value, (B, n, K): B sequences, n entries, K runs. A weight acts on all runs in
one matrix product; each equation writes into an array of its own, which is used again at the next step.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from gradcheck_rnn.cells.equation import INPUT, Activated, Affine, Equation, Product, Sum, previous
from gradcheck_rnn.model.activations import ACTIVATIONS, Array
from gradcheck_rnn.numeric.carried.base import SweepBase
from gradcheck_rnn.numeric.carried.differences import crosses_kink
from gradcheck_rnn.numeric.carried.schedule import Weighted, is_free, is_last, order_of, products_of, rows_of, waits
from gradcheck_rnn.numeric.estimate import Indices
from gradcheck_rnn.numeric.moves import Moves

# a coefficient that need not be multiplied by
ONE = 1.0
# the differences of a value at each step, (B, n, K)
Changes = Iterable[Array]
# works out the difference of one equation at a step, for the first so many runs
Stage = Callable[[int, int], None]


@dataclass(frozen=True)
class _Gain:
    """What a pre-activation gains by k moves of the weight of an `operand`; None where they are those of the bias.

    Counted through all entries and runs, `places` (k,) are where it gains it, and `operands` (k,) of the operand.
    """

    operand: str | None
    moves: Moves
    places: Indices
    operands: Indices

    def add_to(self, value: Array, count: int, base: Array | None, moved: Array | None) -> None:
        """Add it in the first `count` runs to `value` (B, n, K); the operand is `base` (B, m) + `moved` (B, m, K)."""
        own = slice(int(np.searchsorted(self.moves.at, count)))
        for b, of_sequence in enumerate(value):
            gain = self.moves.offset[own]
            if base is not None:
                factor = base[b].take(self.moves.entries.row[own])
                if moved is not None:
                    factor += moved[b].reshape(-1).take(self.operands[own])
                gain = gain * factor
            np.add.at(of_sequence.reshape(-1), self.places[own], gain)


def _gains(moves: Moves, equation: Affine, runs: int) -> list[_Gain]:
    e = moves.entries
    places, operands = e.column * runs + moves.at, e.row * runs + moves.at
    return [_Gain(operand, moves, places, operands) for operand in moves.gains_of(equation)]


class CarriedSweep:
    """One sweep for a block of K runs; `crossed` (K,) is told which of them crossed a kink of relu."""

    def __init__(self, base: SweepBase, moves: Sequence[Moves], crossed: Array, *, inputs_move: bool) -> None:
        self.base, self.crossed = base, crossed
        self.moves = [each for each in moves if each.entries.sweep == base.sweep]
        self.affine, self.together, rest = order_of(base.cell)
        self.rows = rows_of(base, self.affine)
        self.early, self.late, self.unwritten = products_of(base, self.affine, self.rows, inputs_move=inputs_move)
        self.swapped = [state for state in base.cell.states if not is_free(base.cell, state)]
        self.D = self._allocated()
        self.stages = [
            *(self._affine(each) for each in self.affine if not waits(each)),
            *(self._activated(each) for each in self.together),
            *(self._stage(each) for each in rest),
        ]
        for state in base.cell.states:
            for each in self.moves:
                each.add_to_state(state, self.D[previous(state)])
        self.vectors = {
            name: self._vector(name) for name in {each.entries.name for each in self.moves} & {*base.cell.vectors}
        }

    def follow(self, inputs: Changes | None, active: Sequence[int]) -> Iterator[Array]:
        """Differences of the sweep's output at each step, (B, H, active); each array holds until the next step.

        Args:
            inputs: differences of what the sweep takes at each step, (B, m, active); None where nothing of it moves.
            active: number of runs, the first ones, that have moved by each step.
        """
        given = None if inputs is None else iter(inputs)
        for t, count in enumerate(active):
            if given is not None:
                self.D[INPUT] = next(given)
            if not count:
                yield self.D[self.base.cell.output][:, :, :0]
                continue
            for rows in self.unwritten:
                self.pre_activations[:, rows, :count] = 0.0
            for weighted in self.early:
                self._multiply(weighted, count)
            for stage in self.stages:
                stage(t, count)
            yield self.D[self.base.cell.output][:, :, :count]
            for state in self.swapped:
                self.D[state], self.D[previous(state)] = self.D[previous(state)], self.D[state]

    def _allocated(self) -> dict[str, Array]:
        """Arrays for the differences of all values; some share one, where the first is not needed any more."""
        base, cell, runs = self.base, self.base.cell, len(self.crossed)
        total = sum(rows.stop - rows.start for rows in self.rows.values())
        self.pre_activations = np.zeros((base.sequences, total, runs))
        self.scratch = [np.empty((base.sequences, total, runs)) for _ in range(2)]
        D = {name: self.pre_activations[:, rows] for name, rows in self.rows.items()}
        for state in cell.states:
            D[previous(state)] = np.zeros((base.sequences, base.width(state), runs))
        for equation in cell.equations:
            name = equation.name
            if name in cell.states and name not in self.swapped:
                D[name] = D[previous(name)]
            elif isinstance(equation, Activated) and name not in cell.states and is_last(cell, equation.of, name):
                D[name] = D[equation.of]
            elif name not in D:
                D[name] = np.zeros((base.sequences, base.width(name), runs))
        return D

    def _vector(self, name: str) -> Array:
        """Difference of a vector that is moved, (1, n, K)."""
        value = np.zeros((1, len(self.base.parameters[name]), len(self.crossed)))
        for each in self.moves:
            each.add_to_vector(name, value)
        return value

    def _multiply(self, weighted: Weighted, count: int) -> None:
        out = self.pre_activations[:, weighted.rows, :count]
        operand = self.D[weighted.operand][:, :, :count]
        if weighted.is_first:
            np.matmul(weighted.matrix, operand, out=out)
        else:
            out += np.matmul(weighted.matrix, operand, out=self.scratch[0][:, : len(weighted.matrix), :count])

    def _stage(self, equation: Equation) -> Stage:
        match equation:
            case Affine():
                return self._affine(equation)
            case Activated():
                return self._activated((equation,))
        return partial(self._sum, equation)

    def _affine(self, equation: Affine) -> Stage:
        value, late = self.D[equation.name], self.late.get(equation.name, [])
        gains = [gain for each in self.moves for gain in _gains(each, equation, len(self.crossed))]

        def stage(t: int, count: int) -> None:
            for weighted in late:
                self._multiply(weighted, count)
            for gain in gains:
                if gain.operand is None:
                    gain.add_to(value, count, None, None)
                else:
                    gain.add_to(value, count, self.base.over_time(gain.operand)[t], self.D.get(gain.operand))

        return stage

    def _activated(self, equations: tuple[Activated, ...]) -> Stage:
        """One activation, or several of the same function that stand next to each other among the pre-activations."""
        first, last = equations[0], equations[-1]
        bases, difference = self.base.activated(equations), self.base.differences[first.function]
        width, smooth = sum(self.base.width(each.name) for each in equations), ACTIVATIONS[first.function].smooth
        scratch = self.scratch[0][:, :width]

        def stage(t: int, count: int) -> None:
            if len(equations) == 1:
                u, out = self.D[first.of][:, :, :count], self.D[first.name][:, :, :count]
            else:
                u = out = self.pre_activations[:, self.rows[first.of].start : self.rows[last.of].stop, :count]
            if not smooth:
                self.crossed[:count] |= crosses_kink(bases[t].z, u).any(axis=(0, 1))
            difference(bases[t], u, out, scratch[:, :, :count])

        return stage

    def _sum(self, equation: Sum, t: int, count: int) -> None:
        out = self.D[equation.name][:, :, :count]
        total, spare = (each[:, : out.shape[1], :count] for each in self.scratch)
        is_first = True
        for product in equation.products:
            if self._product(product, t, count, out if is_first else total, spare):
                if not is_first:
                    out += total
                is_first = False

    def _product(self, product: Product, t: int, count: int, out: Array, spare: Array) -> bool:
        """Write the difference of a product to `out`; False, and nothing written, where nothing in it moves.

        Factor by factor: (a + da)(b + db) - a b = da (b + db) + a db.
        """
        value: Array | float = ONE if product.coefficient == ONE else product.coefficient
        difference: Array | None = None
        for factor in product.factors:
            own, moved = self.base.factors[factor][t], self._moved(factor, count)
            if moved is None and difference is not None:
                difference = np.multiply(difference, own, out=out)
            elif moved is not None and difference is None:
                difference = moved if value is ONE else np.multiply(moved, value, out=out)
            elif moved is not None and difference is not None:
                difference = np.multiply(difference, np.add(moved, own, out=spare), out=out)
                out += np.multiply(moved, value, out=spare)
            value = own if value is ONE else value * own
        if difference is not None and difference is not out:
            np.copyto(out, difference)
        return difference is not None

    def _moved(self, factor: str, count: int) -> Array | None:
        moved = self.vectors.get(factor) if factor in self.base.parameters else self.D[factor]
        return None if moved is None else moved[:, :, :count]
