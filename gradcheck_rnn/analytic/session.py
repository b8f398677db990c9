"""User code, loaded once in the process that runs it; every call of it goes through here."""

import contextlib
import math
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import numpy as np

from gradcheck_rnn.adapters.edited import edited_texts
from gradcheck_rnn.adapters.lifetime import lifetime
from gradcheck_rnn.analytic.adapter import Adapter, imported
from gradcheck_rnn.analytic.failure import UserCodeError, raised_finding
from gradcheck_rnn.analytic.point import Point, write_protected
from gradcheck_rnn.analytic.returned import Returned, read_gradients, read_loss, read_losses, read_parameters
from gradcheck_rnn.analytic.travel.packed import Packed
from gradcheck_rnn.analytic.travel.unpack import unpacked
from gradcheck_rnn.errors import Location
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.draw import stream
from gradcheck_rnn.model.net import Sizes
from gradcheck_rnn.model.problem import Batch

R = TypeVar("R")

# losses that are timed together, where user code can take many at once
TIMED_LOSSES = 8
# calls that are timed at most, and seconds after which no further one is
MOST_TIMED = 9
TIMING_SECONDS = 0.02
# seconds that a clock may be too coarse to tell from none
LEAST_TIME = 1e-7
# share of the time limit of one call that a request for many losses may take, by the time of those before it
SHARE_OF_LIMIT = 0.1


@dataclass(frozen=True)
class UserCode:
    """What a process needs to know to load the user's code: file, seed and sizes for `parameters`, seconds a call.

    `texts` stand in the place of files that are edited. An `adapter` of functions that are in this process already is
    taken as it is, `packed` ones are made anew in the process that runs them; `path` then says where they were written.
    """

    path: Path
    seed: int
    sizes: Sizes
    timeout: float
    texts: tuple[tuple[Path, str], ...] = ()
    adapter: Adapter | Packed | None = None

    @property
    def is_here(self) -> bool:
        """Whether it is in this process already, so that no other one can run it, nor load it afresh."""
        return isinstance(self.adapter, Adapter)


class Watch:
    """Tells a watching process which call of user code is under way, and since when.

    `apart` says that user code runs in a process of its own, where no interrupt is ours.
    """

    apart = False

    def begin(self, function: str) -> None:
        """Note that a call begins."""

    def end(self) -> None:
        """Note that it has ended."""


@dataclass
class Session:
    """One loaded adapter.

    `initial` is what its `parameters` drew. `mutates` collects the arrays that user code was seen to write to, by
    function, and `mutates_at` the points where.
    """

    code: UserCode
    adapter: Adapter
    watch: Watch
    initial: dict[str, Array] | None
    mutates: dict[str, list[str]] = field(default_factory=dict)
    mutates_at: dict[str, Point] = field(default_factory=dict)
    _seconds_per_loss: float = math.inf
    _working: tuple[Point, Point] | None = None

    def loss(self, point: Point) -> float:
        """Call the user's loss on copies of the point's arrays."""
        if self.adapter.loss is None:
            raise ValueError("the adapter has no loss")
        return self._read_loss(self._guarded("loss", self.adapter.loss, point))

    def losses(self, point: Point, parameter_sets: Sequence[Mapping[str, Array]]) -> list[float]:
        """Call the user's loss with a point's batch and other parameters: many in one call, where user code can."""
        if self.adapter.losses is None:
            return [self.loss(point.at(parameters)) for parameters in parameter_sets]
        values: list[float] = []
        while left := parameter_sets[len(values) :]:
            values += self._losses([point.at(parameters) for parameters in left[: self.at_once()]])
        return values

    def gradients(self, point: Point) -> Returned:
        """Call the user's gradients on copies of the point's arrays."""
        value = self._guarded("gradients", self.adapter.gradients, point)
        return self._call("gradients", read_gradients, value, point.parameters)

    def raw_loss(self, point: Point) -> float:
        """Call the user's loss on the point's own arrays: for loops that guard them as a whole."""
        if self.adapter.loss is None:
            raise ValueError("the adapter has no loss")
        return self._read_loss(self._call("loss", self.adapter.loss, point.parameters, point.batch))

    def raw_losses(self, parameter_sets: Sequence[Mapping[str, Array]], batch: Batch) -> list[float]:
        """Call the user's losses on the arrays as they are, and note how long it took."""
        if self.adapter.losses is None:
            raise ValueError("the adapter has no losses")
        start = time.perf_counter()
        value = self._call("losses", self.adapter.losses, parameter_sets, batch)
        self._seconds_per_loss = max(time.perf_counter() - start, LEAST_TIME) / len(parameter_sets)
        return self._call("losses", read_losses, value, len(parameter_sets))

    def at_once(self) -> int:
        """How many losses one call may be asked for, so that its time limit stays that of one call."""
        return max(1, int(SHARE_OF_LIMIT * self.code.timeout / self._seconds_per_loss))

    def working_copy(self, point: Point) -> Point:
        """Return a copy of a point for loops over its entries: the same one each time, up to the next point."""
        if self._working is None or self._working[0] is not point:
            self._working = point, point.copy()
        return self._working[1]

    def was_written_to(self, point: Point) -> bool:
        """Whether the working copy is no longer equal to its point; then it is given up."""
        changed = self._working is not None and bool(self._working[1].changed_arrays(point))
        if changed:
            self._working = None
        return changed

    def initial_parameters(self, sizes: Sizes) -> dict[str, Array] | None:
        """Draw initial parameters by the user's own function, None if there is none."""
        return _initial_parameters(self.adapter, self.watch, self.code.seed, sizes)

    def mutation_findings(self) -> list[Finding]:
        """Findings about arguments that were written to."""
        return [self._mutation_finding(function, names) for function, names in self.mutates.items()]

    def _guarded(self, name: str, function: Callable[..., Any], point: Point) -> object:
        given = point.copy()
        value = self._call(name, function, given.parameters, given.batch)
        self._note_mutation(name, given, point)
        return value

    def _losses(self, points: Sequence[Point]) -> list[float]:
        """Call the user's losses once, on copies of the points' arrays, whose batch is one."""
        copies = [point.copy() for point in points]
        given = [replace(copy, batch=copies[0].batch) for copy in copies]
        values = self.raw_losses([each.parameters for each in given], given[0].batch)
        for each, point in zip(given, points, strict=True):
            self._note_mutation("losses", each, point)
        return values

    def _note_mutation(self, name: str, given: Point, point: Point) -> None:
        if changed := given.changed_arrays(point):
            known = self.mutates.setdefault(name, [])
            known += [array for array in changed if array not in known]
            self.mutates_at.setdefault(name, point)

    def _read_loss(self, value: object) -> float:
        # reading what is no plain number may run the user's own conversion
        return value if type(value) is float else self._call("loss", read_loss, value)

    def _call(self, name: str, function: Callable[..., R], *arguments: object) -> R:
        return _call(self.watch, name, function, *arguments, takes_batch=self.adapter.takes_batch)

    def _mutation_finding(self, function: str, names: list[str]) -> Finding:
        return Finding(
            kind="mutated-argument",
            term=names[0],
            message=f"{function} writes into its argument {', '.join(names)}",
            help="work on a copy: x = x.copy(), and h = h + dh rather than h += dh",
            evidence={"function": function, "arrays": list(names)},
            location=self._line_that_writes(function),
        )

    def _line_that_writes(self, function: str) -> Location | None:
        """Find the line by running it once more on arrays that refuse to be written to."""
        given = write_protected(self.mutates_at[function])
        callee: Any = getattr(self.adapter, function)  # it was called before
        parameters = [given.parameters] if function == "losses" else given.parameters
        try:
            self._call(function, callee, parameters, given.batch)
        except UserCodeError as error:
            return error.finding.location
        return None


@contextlib.contextmanager
def opened(code: UserCode, watch: Watch, *, chance: int = 0) -> Iterator[Session]:
    """Load user code: import the adapter, then draw its parameters once, before anything else.

    The global random generators are seeded first, from the seed and `chance`, and put back at the end.
    """
    watch.begin("adapter")
    limit = code.timeout if watch.apart else math.inf
    texts = edited_texts(dict(code.texts))
    with texts, _seeded(code.seed + chance), lifetime(limit), _loaded(code) as adapter:
        watch.end()
        yield Session(code, adapter, watch, _initial_parameters(adapter, watch, code.seed, code.sizes))


def _loaded(code: UserCode) -> AbstractContextManager[Adapter]:
    match code.adapter:
        case Adapter():
            return contextlib.nullcontext(code.adapter)
        case Packed():
            return unpacked(code.adapter)
    return imported(code.path)


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    before = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])


def _initial_parameters(adapter: Adapter, watch: Watch, seed: int, sizes: Sizes) -> dict[str, Array] | None:
    if adapter.parameters is None:
        return None
    rng = stream(seed, "parameters")
    given = SimpleNamespace(
        input_size=sizes.input_size,
        hidden_size=sizes.hidden_size,
        output_size=sizes.output_size,
        length=sizes.length,
        batch_size=sizes.batch,
    )
    arguments = (rng, given) if adapter.takes_sizes else (rng,)
    return _call(watch, "parameters", read_parameters, _call(watch, "parameters", adapter.parameters, *arguments))


def _described(*arguments: object, takes_batch: bool) -> str:
    """Say what a function of the adapter was given."""
    match arguments:
        case (dict() as parameters, Batch() as batch):
            arrays = Point(parameters, batch).arrays()
            told = list(arrays) if takes_batch else list(arrays)[: len(parameters)]
            shapes = ", ".join(f"{name} {arrays[name].shape}" for name in told)
            if not takes_batch:
                return f"it was given {shapes}"
            tokens = "" if batch.tokens is not None else "; batch.tokens is None, for dense inputs"
            return f"it was given {shapes}{tokens}; `model.layout` turns the weights"
    return ""


def _call(watch: Watch, name: str, function: Callable[..., R], *arguments: object, takes_batch: bool = True) -> R:
    watch.begin(name)
    try:
        return function(*arguments)
    except UserCodeError:
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and not watch.apart:
            raise
        given = _described(*arguments, takes_batch=takes_batch) if name in ("loss", "gradients") else ""
        raise UserCodeError(raised_finding(name, error, given, apart=watch.apart)) from error
    finally:
        watch.end()


def seconds_per_call(session: Session, point: Point) -> float:
    """Task: time one call of the user's loss, or its share of a call for many; the median of several quick ones."""
    taken: list[float] = []
    while len(taken) < MOST_TIMED and sum(taken) < TIMING_SECONDS:
        working = point.copy()
        sets = [dict(working.parameters) for _ in range(TIMED_LOSSES)]
        start = time.perf_counter()
        if session.adapter.losses is None:
            session.raw_loss(working)
            taken.append(time.perf_counter() - start)
        else:
            session.raw_losses(sets, working.batch)
            taken.append((time.perf_counter() - start) / TIMED_LOSSES)
    return statistics.median(taken)
