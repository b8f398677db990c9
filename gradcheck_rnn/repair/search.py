"""The search for edits after which every gradient is right: one edit first, then several, by the entries they mend."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gradcheck_rnn.adapters.source import read_source
from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.repair.adding_up import terms_by_place
from gradcheck_rnn.repair.candidates import candidates
from gradcheck_rnn.repair.edit import Edit, OverlappingEditsError, edited
from gradcheck_rnn.repair.outcome import Outcome
from gradcheck_rnn.repair.rebase import rebased
from gradcheck_rnn.repair.target import Target, names_right, runs_of
from gradcheck_rnn.repair.trial import as_it_stands, terms_together
from gradcheck_rnn.repair.value import Stop
from gradcheck_rnn.repair.wording import Wording
from gradcheck_rnn.repair.workshop import Texts, Workshop

# edits that are put one on the other; those that mend entries of their own count as one step
STEPS = 3
# edited texts that are searched on at each further step
BEAM = 3
# how much more an edit may cost than the first that mends everything, to be tried because it reads more like the file;
# so many that read most like it are
AS_LIKELY = 3.5
MOST_REWORDED = 160
# patches that are equal in effect of which so many are told
MOST_PATCHES = 6
# what is tried first on code that gives something else when it is called again, and what all else costs more there
LATER = 3.0
OF_MEMORY = frozenset(("set to zero", "begin with zeros", "branch", "copy", "change a copy", "assign instead of add"))

Leading = tuple[Edit, Outcome]
# told how many edits have been tried, and how many there are to be so far
Progress = Callable[[int, int], None]
# says whether freshly loaded code with these texts is right at points that it has not met
Verify = Callable[[Texts], bool]


@dataclass(frozen=True)
class Node:
    """The user's files after some edits, given by their places in the files as they are."""

    edits: tuple[Edit, ...]
    texts: Texts
    outcome: Outcome


@dataclass
class Found:
    """What a search has come to: sets of edits that mend everything, simplest first, and how it went.

    `mended` counts by parameter the edits that mended all of it and broke none. `is_right_already` says that the code
    is right as it stands, at every target.
    """

    solutions: list[tuple[Edit, ...]] = field(default_factory=list)
    tried: int = 0
    stopped_by: Stop = ""
    mended: dict[str, int] = field(default_factory=dict)
    is_right_already: bool = False


@dataclass(frozen=True)
class Search:
    """Where edits are tried, on what, until when."""

    workshop: Workshop
    targets: Sequence[Target]
    verify: Verify
    deadline: float
    progress: Progress
    found: Found = field(default_factory=Found)

    def run(self) -> Found:
        """Search step by step, until a step has found something, or nothing more can be done, or time is over.

        Raises:
            UserCodeError: the code gives nothing as it stands.
        """
        try:
            self._run()
        except KeyboardInterrupt:
            self.found.stopped_by = "interrupted"
        return self.found

    def _run(self) -> None:
        frontier = [Node((), {}, self.workshop.run({}, as_it_stands, self.targets))]
        self.found.is_right_already = frontier[0].outcome.is_right
        if self.found.is_right_already:
            return
        for _ in range(STEPS):
            following: list[Node] = []
            for node in frontier:
                following += self._step(node)
                if self.found.solutions or self._is_late():
                    return
            frontier = _best(following)

    def _step(self, node: Node) -> list[Node]:
        """Try every edit of a node; return those that lead on."""
        try:
            listed = self.workshop.run(node.texts, candidates, self.targets[0])
        except UserCodeError:
            if not node.edits:
                raise
            return []
        later = LATER if _remembers(self.targets, node.outcome) else 0.0
        costs = {edit: cost + later * (edit.kind not in OF_MEMORY) for cost, edit in listed}
        edits, tried_before, enough = sorted(costs, key=costs.__getitem__), self.found.tried, np.inf
        leading: list[Leading] = []
        solved: Edit | None = None
        for edit, outcome in self.workshop.try_all(node.texts, edits, self.targets):
            if self._is_late() or costs[edit] > enough or len(self.found.solutions) >= MOST_PATCHES:
                break
            self.found.tried += 1
            self.progress(self.found.tried, tried_before + len(edits))
            if outcome is None:
                continue
            if outcome.is_right:
                if self._keeps(node, edit):
                    solved = solved or edit
                    enough = min(enough, costs[edit])
            elif outcome.leads_on(node.outcome):
                leading.append((edit, outcome))
                if not node.edits:
                    self._note_mended(node.outcome, outcome)
        if solved is not None:
            likely = [each for each in edits if enough < costs[each] <= enough + AS_LIKELY]
            self._try_better_worded(node, solved, likely)
        else:
            self._try_terms_together(node, edits)
        if self.found.solutions:
            return []
        return self._together(node, leading) + self._each(node, leading)

    def _try_terms_together(self, node: Node, edits: Sequence[Edit]) -> None:
        """Try terms that may be missing from one sum, several at once."""
        chosen: list[Edit] = []
        with contextlib.suppress(UserCodeError):
            chosen = self.workshop.run(node.texts, terms_together, terms_by_place(edits), self.targets)
        for edit, outcome in self.workshop.try_all(node.texts, chosen, self.targets):
            self.found.tried += 1
            if outcome is not None and outcome.is_right:
                self._keeps(node, edit)

    def _try_better_worded(self, node: Node, solved: Edit, others: Sequence[Edit]) -> None:
        """Try edits that read more like their files than one that mends everything, the best worded first."""
        files = {edit.file for edit in (solved, *others)}
        words = {file: Wording(self._text(file, node.texts)) for file in files}
        most = words[solved.file].unlikeness([solved])
        likely = (each for each in others if words[each.file].at_least(each) < most)
        costs = {edit: cost for edit in likely if (cost := words[edit.file].unlikeness([edit])) < most}
        better = sorted(costs, key=costs.__getitem__)
        for edit, outcome in self.workshop.try_all(node.texts, better[:MOST_REWORDED], self.targets):
            if self._is_late() or len(self.found.solutions) >= 2 * MOST_PATCHES:
                break
            self.found.tried += 1
            if outcome is not None and outcome.is_right:
                self._keeps(node, edit)

    def _keeps(self, node: Node, edit: Edit) -> bool:
        """Keep an edit that mends everything, if it does so where it was not tried."""
        solution = self._with(node, [edit])
        if solution is None or not self.verify(self._texts(solution)):
            return False
        self.found.solutions.append(solution)
        return True

    def _together(self, node: Node, leading: Sequence[Leading]) -> list[Node]:
        """Put edits together that each mend entries which none of the others does."""
        chosen: list[Edit] = []
        taken = np.zeros(node.outcome.count, dtype=bool)
        for edit, outcome in _ranked(node, leading):
            mends = outcome.mends(node.outcome)
            if mends.any() and not (mends & taken).any() and self._with(node, [*chosen, edit]) is not None:
                chosen.append(edit)
                taken |= mends
        edits = self._with(node, chosen) if len(chosen) > 1 else None
        texts = {} if edits is None else self._texts(edits)
        joint = self.workshop.outcome(texts, self.targets) if edits else None
        if edits is None or joint is None or not (joint.mask | ~taken).all():
            return []
        if joint.is_right and self.verify(texts):
            self.found.solutions.append(edits)
        return [Node(edits, texts, joint)]

    def _each(self, node: Node, leading: Sequence[Leading]) -> list[Node]:
        """The best of those that lead on, one for each effect."""
        effects: dict[object, Node] = {}
        for edit, outcome in _ranked(node, leading):
            edits = self._with(node, [edit])
            if edits is not None:
                effect = outcome.right, tuple(np.round(outcome.distances, 6))
                effects.setdefault(effect, Node(edits, self._texts(edits), outcome))
        return list(effects.values())[:BEAM]

    def _note_mended(self, before: Outcome, after: Outcome) -> None:
        for name in names_right(self.targets, after.mask) - names_right(self.targets, before.mask):
            self.found.mended[name] = self.found.mended.get(name, 0) + 1

    def _with(self, node: Node, edits: Sequence[Edit]) -> tuple[Edit, ...] | None:
        """Edits of a node's texts after its own ones, None where two of them meet."""
        try:
            for file in {edit.file for edit in edits}:
                edited(self._text(file, node.texts), [edit for edit in edits if edit.file == file])
        except OverlappingEditsError:
            return None
        every = node.edits
        for edit in sorted(edits, key=lambda each: each.changes, reverse=True):  # the last one moves none before it
            others = tuple(each for each in every if each.file != edit.file)
            own = tuple(each for each in every if each.file == edit.file)
            every = others + rebased(self._text(edit.file, {}), own, edit)
        return every

    def _texts(self, edits: Sequence[Edit]) -> dict[Path, str]:
        files = dict.fromkeys(edit.file for edit in edits)
        return {file: edited(self._text(file, {}), [each for each in edits if each.file == file]) for file in files}

    def _text(self, file: Path, texts: Texts) -> str:
        return texts[file] if file in texts else read_source(file).text

    def _is_late(self) -> bool:
        if time.monotonic() > self.deadline:
            self.found.stopped_by = "time-limit"
        return bool(self.found.stopped_by)


def _remembers(targets: Sequence[Target], outcome: Outcome) -> bool:
    """Whether code gave something else for the first target when that was run once more, at last."""
    count = len(targets[0].indices)
    first = next(place for place, each in enumerate(runs_of(targets)) if each is targets[0])
    return outcome.distances[count * first : count * (first + 1)] != outcome.distances[-count:]


def _ranked(node: Node, leading: Sequence[Leading]) -> list[Leading]:
    """Those that mend the most entries first, then those that come closest; among equals the simplest."""
    return sorted(leading, key=lambda each: (-int(each[1].mends(node.outcome).sum()), _distance(each[1])))


def _best(nodes: Sequence[Node]) -> list[Node]:
    """The nodes to go on from, each text once."""
    each = {tuple(sorted(node.texts.items())): node for node in nodes}
    ranked = sorted(each.values(), key=lambda node: (-int(node.outcome.mask.sum()), _distance(node.outcome)))
    return ranked[:BEAM]


def _distance(outcome: Outcome) -> float:
    """How far the gradients are off, all runs and parameters together, with constants divided out or without."""
    return min(sum(outcome.distances), sum(outcome.angles))
