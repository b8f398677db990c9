"""The parent's side of the workers: starts them as they are needed, hands out tasks, takes their answers in."""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from gradcheck_rnn.analytic.cores import usable_cores
from gradcheck_rnn.analytic.finished import Finished, nobody
from gradcheck_rnn.analytic.parcel import packed, sharing
from gradcheck_rnn.analytic.process import Answer, WorkerProcess, answers
from gradcheck_rnn.analytic.session import UserCode
from gradcheck_rnn.analytic.worker import InProcess, Runner, output_file

R = TypeVar("R")

# seconds that a run may take on one process before further ones are started, where nobody asked for their number
PATIENCE = 0.5
# tasks a process may be ahead of the one whose result is due next: answers wait in the order of their tasks
AHEAD = 4


@dataclass
class _Run:
    """Tasks of one run: pickled ones to be handed out, those that processes have, answers by place."""

    waiting: Iterator[bytes]
    places: deque[int]
    finished: Finished
    running: dict[WorkerProcess, int] = field(default_factory=dict)
    answered: dict[int, Answer] = field(default_factory=dict)

    def hand_out(self, process: WorkerProcess) -> None:
        """Give a process the next task."""
        self.running[process] = self.places.popleft()
        process.send(next(self.waiting))

    def take_in(self, process: WorkerProcess, answer: Answer) -> None:
        """Take the answer of a process to its task."""
        place = self.running.pop(process)
        self.answered[place] = answer
        if answer.error is None:
            self.finished(place, answer.value)


class WorkerPool:
    """Runs tasks in worker processes, which are ended when one call of user code exceeds its time.

    `workers` is their number at most. With `patience`, a run has one to itself for so many seconds.
    """

    def __init__(self, code: UserCode, folder: Path, workers: int, *, patience: float = 0.0) -> None:
        self.code, self.folder, self.workers, self.patience = code, folder, workers, patience
        self._processes: list[WorkerProcess] = []
        self._runs = count()
        self._ended: BaseException | None = None

    def run(self, task: Callable[..., R], *arguments: object) -> R:
        """Run one task and return its result."""
        return next(self.run_all(task, [arguments]))

    def run_all(
        self, task: Callable[..., R], arguments: Sequence[tuple[object, ...]], finished: Finished = nobody
    ) -> Iterator[R]:
        """Run a task on each of several arguments, spread over the workers; results in the order given.

        `finished` is told of each result at once. What is raised is what the first of the arguments to fail raises,
        whichever of them was done first.
        """
        with sharing(self.folder, next(self._runs)) as points:
            share = points if len(arguments) > 1 else None
            tasks = _Run((packed(task, each, share) for each in arguments), deque(range(len(arguments))), finished)
            began = time.monotonic()
            for due in range(len(arguments)):
                while due not in tasks.answered:
                    self._hand_out(tasks, due, most=1 if time.monotonic() - began < self.patience else self.workers)
                    self._take_in(tasks)
                answer = tasks.answered.pop(due)
                if answer.error is not None:
                    raise answer.error
                yield answer.value

    def output(self) -> str:
        """Return what user code printed so far."""
        file = output_file(self.folder)
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    def end(self) -> None:
        """End every worker, whatever it is doing, and what it has started."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.forget()

    def _hand_out(self, tasks: _Run, due: int, *, most: int) -> None:
        """Give idle processes something to do, and start some if there is more of it; none after a failure."""
        if self._ended is not None:
            if not tasks.running:
                raise self._ended
            return
        failed = any(answer.error is not None for answer in tasks.answered.values())
        while tasks.places and not failed and tasks.places[0] < due + AHEAD * most:
            idle = next((process for process in self._processes if not process.is_busy), None)
            if idle is None:
                if len(self._processes) >= most:
                    break
                idle = WorkerProcess(self.code, self.folder, len(self._processes))
                self._processes.append(idle)
            tasks.hand_out(idle)

    def _take_in(self, tasks: _Run) -> None:
        """Wait a moment for answers; those to tasks that nobody waits for any more are passed over."""
        for process, answer in answers([process for process in self._processes if process.is_busy]):
            if answer.is_last:
                self._ended = answer.error
            if process in tasks.running:
                tasks.take_in(process, answer)


@contextlib.contextmanager
def running(code: UserCode, *, workers: int | None) -> Iterator[Runner]:
    """Make the user's code callable: in `workers` processes of its own, or in this process for 0.

    None starts one process, and as many as there are cores for what takes longer than a moment.
    """
    if workers == 0:
        in_process = InProcess(code)
        with in_process.open:
            yield in_process
        return
    with TemporaryDirectory(prefix="gradcheck_rnn-") as folder:
        patience = PATIENCE if workers is None else 0.0
        pool = WorkerPool(code, Path(folder), workers or usable_cores(), patience=patience)
        try:
            yield pool
        finally:
            pool.end()
