"""The base run of a problem, which all moved runs share, made ready for differences to be carried along it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradcheck_rnn.cells import equation
from gradcheck_rnn.cells.equation import INPUT, OUTPUT_WEIGHT, Cell, Sum
from gradcheck_rnn.cells.structure import Sweep
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.forward import Run, Trace, forward
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.problem import Canonical, Problem, canonical
from gradcheck_rnn.numeric.carried.differences import DIFFERENCES, Activated, ActivationDifference, Form, activated
from gradcheck_rnn.numeric.carried.heads import HEADS, Head


@dataclass(frozen=True)
class SweepBase:
    """The base run of one sweep; its steps are in the sweep's own order."""

    cell: Cell
    sweep: Sweep
    run: Run
    parameters: Mapping[str, Array]
    differences: Mapping[str, ActivationDifference]

    @cached_property
    def pre_activations(self) -> int:
        """Number of entries of all pre-activations together."""
        return sum(self.width(each.name) for each in self.cell.affine)

    @property
    def sequences(self) -> int:
        """Number of sequences B."""
        return int(self.run.x.shape[1])

    def width(self, value: str) -> int:
        """Number of entries n of a value."""
        return int(self.run.at_steps(value).shape[-1])

    def over_time(self, operand: str) -> Array:
        """Values of an operand at all steps, (T, B, n); of a parameter that stands in a product, (1, 1, n)."""
        if operand == INPUT:
            return self.run.x
        if operand in self.parameters:
            return self.parameters[operand][None, None]
        return self.run.at_steps(operand)

    def activated(self, equations: tuple[equation.Activated, ...]) -> list[Activated]:
        """What the difference of activations of one function needs at each step, (B, n, 1) with the n of them all."""
        if equations not in self._activated:
            z = np.concatenate([self.over_time(each.of) for each in equations], axis=-1)
            whole = activated(equations[0].function, z[..., None])
            values = (whole.z, whole.f, whole.span, whole.offset)
            self._activated[equations] = [Activated(*at) for at in zip(*values, strict=True)]
        return self._activated[equations]

    @cached_property
    def _activated(self) -> dict[tuple[equation.Activated, ...], list[Activated]]:
        return {}

    @cached_property
    def factors(self) -> Mapping[str, Array]:
        """Values of every factor of a product at each step, (T, B, n, 1); of a parameter (T, 1, n, 1)."""
        sums = [each for each in self.cell.equations if isinstance(each, Sum)]
        names = {factor for each in sums for product in each.products for factor in product.factors}
        length = len(self.run.x)
        whole = {name: self.over_time(name)[..., None] for name in names}
        return {name: np.broadcast_to(value, (length, *value.shape[1:])) for name, value in whole.items()}


@dataclass(frozen=True)
class Base:
    """The base run of a problem, float64, of all its sequences or of those from `first` to before `end`.

    `form` is how differences of activations are taken, see `differences`.
    """

    problem: Problem
    form: Form = "exact"
    first: int = 0
    end: int | None = None

    def __reduce__(self) -> tuple[type["Base"], tuple[Problem, Form, int, int | None]]:
        # what is worked out from these is worked out again in another process, not carried there
        return Base, (self.problem, self.form, self.first, self.end)

    @property
    def net(self) -> Net:
        """The net."""
        return self.problem.net

    @cached_property
    def c(self) -> Canonical:
        """The problem in its canonical form."""
        return canonical(self.problem).of_sequences(slice(self.first, self.end))

    @cached_property
    def sequences(self) -> int:
        """Number of sequences B."""
        return int(self.c.x.shape[1])

    def in_groups(self, at_once: int) -> list["Base"]:
        """The base runs of groups of so many sequences; what is worked out from them is kept."""
        if at_once >= self.sequences:
            return [self]
        if at_once not in self._groups:
            starts = range(self.first, self.first + self.sequences, at_once)
            self._groups[at_once] = [
                Base(self.problem, self.form, start, min(start + at_once, self.first + self.sequences))
                for start in starts
            ]
        return self._groups[at_once]

    @cached_property
    def _groups(self) -> dict[int, list["Base"]]:
        return {}

    @cached_property
    def trace(self) -> Trace:
        """Values of the base run."""
        return forward(self.net, self.c)

    @cached_property
    def sweeps(self) -> Mapping[Sweep, SweepBase]:
        """The base run of each sweep."""
        cell, differences = self.net.equations, DIFFERENCES[self.form]
        return {
            sweep: SweepBase(cell, sweep, self.trace.runs[sweep.place], self.c.parameters_of(cell, sweep), differences)
            for sweep in self.net.structure.sweeps
        }

    @cached_property
    def head(self) -> Head:
        """The output layer with the loss."""
        y, targets = self.trace.y[self.net.counted_steps], self.c.targets
        return HEADS[self.net.loss.kind](self.c.parameters[OUTPUT_WEIGHT], y, targets)

    @property
    def counted(self) -> range:
        """The steps that count."""
        return range(len(self.c.x))[self.net.counted_steps]
