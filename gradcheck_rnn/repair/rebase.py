"""Edits of an edited text, told by their places in the text as it was."""

import difflib
from collections.abc import Sequence

from gradcheck_rnn.repair.edit import Change, Edit, edited


def rebased(text: str, earlier: Sequence[Edit], edit: Edit) -> tuple[Edit, ...]:
    """Add an edit of `edited(text, earlier)` to the earlier ones, as edits of `text`.

    Where it changes what one of them has changed, the lines that differ in the end are one edit.
    """
    before = sorted(change for each in earlier for change in each.changes)
    moved = [_moved(change, before) for change in edit.changes]
    if None not in moved:
        changes = tuple(change for change in moved if change is not None)
        return *earlier, Edit(edit.file, changes, edit.kind, edit.cost)
    after = edited(edited(text, earlier), [edit])
    kinds = " and ".join(dict.fromkeys([*(each.kind for each in earlier), edit.kind]))
    return (Edit(edit.file, _lines_changed(text, after), kinds, sum(each.cost for each in earlier) + edit.cost),)


def _moved(change: Change, before: Sequence[Change]) -> Change | None:
    """A change of the edited text where it stood before; None if it meets one of the changes before."""
    gained = 0
    for each in before:
        start, end = each.start + gained, each.start + gained + len(each.text)
        if change.end <= start and (change.end < start or change.start < change.end):
            break
        if change.start < end or (change.start == end and change.start == change.end):
            return None
        gained += len(each.text) - (each.end - each.start)
    return Change(change.start - gained, change.end - gained, change.text)


def _lines_changed(before: str, after: str) -> tuple[Change, ...]:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return tuple(
        Change(starts[i], starts[j], "".join(new[k:m])) for tag, i, j, k, m in matcher.get_opcodes() if tag != "equal"
    )
