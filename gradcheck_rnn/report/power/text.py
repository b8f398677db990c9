"""The power of a check as text: what it misses and why, what it catches, how far the recurrent chain reaches."""

import math
import textwrap
from collections.abc import Iterator, Sequence

from gradcheck_rnn.cells.catalogue import cell_called
from gradcheck_rnn.diagnose.power import NO_EFFECT
from gradcheck_rnn.diagnose.vanishing import SATURATED, Vanishing
from gradcheck_rnn.faults.library import WINDOW, is_elman
from gradcheck_rnn.report.power.table import KnownFault, PowerTable
from gradcheck_rnn.report.words import power_line

# the widest text, however wide the terminal, and the narrowest
WIDEST = 80
NARROWEST = 50
# columns right of a fault: share, configured, probe
COLUMNS = (6, 10, 7)
GAP = 2
# rows of missed faults unless all are wanted
MOST_ROWS = 10
# lags that have a bar
MOST_BARS = 8
# columns of the longest bar, and the norm that has none: what rounding leaves of 1
BAR = 32
SMALLEST = 1e-16
# what an encoding that knows ASCII only gets instead
BLOCK, BLOCK_IN_ASCII = "█", "#"


def to_lines(table: PowerTable, *, width: int, encoding: str, verbose: bool = False) -> Iterator[str]:
    """Render it for an output that is `width` columns wide; `verbose` lists every known fault."""
    width = min(max(width, NARROWEST), WIDEST)
    for paragraph in (_subject(table), power_line(table.power), *_remarks(table)):
        yield from textwrap.wrap(paragraph, width, break_on_hyphens=False)
    yield ""
    yield from _faults(table, width, verbose=verbose)
    yield ""
    yield from vanishing_lines(table.vanishing, width=width, encoding=encoding)


def _subject(table: PowerTable) -> str:
    model, settings = table.settings.model, table.settings
    sizes = f"I={model.input_size} H={model.hidden_size} O={model.output_size} T={settings.sequence.length}"
    batch = "" if settings.sequence.batch_size is None else f" B={settings.sequence.batch_size}"
    return f"{settings.source}: {model.cell} net, {sizes}{batch}, tolerance {settings.check.tolerance:g}"


def _remarks(table: PowerTable) -> Iterator[str]:
    if (copy := table.copy) is not None:
        batch = "" if copy.batch is None else f" B={copy.batch}"
        yield (
            f"note: the net is large; faults are judged on a copy with I={copy.input_size} H={copy.hidden_size} "
            f"O={copy.output_size} T={copy.length}{batch}, whose weights have the same gain"
        )
    if table.differences_own_loss:
        yield (
            "note: check.loss is user: the check differences your loss as a black box, with wider error bars than "
            "those of the described loss, which are used here; small faults may be missed beyond these"
        )
    elif table.settings.backward.adapter is not None:
        yield "note: your code is not run: the configured point is drawn as the YAML says"
    for point, names in table.unsure.items():
        yield (
            f"note: at the {point} point right gradients do not pass either ({', '.join(names)}): what is said of that "
            "point means little"
        )
    if len(table.points) == 1:
        yield "note: check.probe is off: what the configured point misses is missed"


def _faults(table: PowerTable, width: int, *, verbose: bool) -> Iterator[str]:
    headings = ("share", "configured", "probe")[: 1 + len(table.points)]
    yield _row("known fault", headings, width)
    missed = [fault for fault in table.faults if fault.reason]
    caught = [fault for fault in table.faults if not fault.reason]
    groups = [
        (heading, [[each] for each in group] if verbose else _by_kind(group)) for heading, group in _by_reason(missed)
    ]
    left = sum(len(rows) for _, rows in groups) if verbose else MOST_ROWS
    for heading, rows in groups:
        if left > 0:
            yield from textwrap.wrap(heading, width)
        yield from (_kind_row(row, width) for row in rows[: max(left, 0)])
        left -= len(rows)
    if left < 0:
        word = "row" if left == -1 else "rows"
        yield f"  and {-left} more {word} of missed ones; --verbose shows all"
    if caught and verbose:
        yield "caught at the configured point"
        yield from (_kind_row([each], width) for each in caught)
    elif caught:
        yield _others(caught, width)


def _by_reason(missed: Sequence[KnownFault]) -> list[tuple[str, list[KnownFault]]]:
    """Faults with one reason: those first that the check as a whole misses, then those that change most."""
    points = max((len(fault.sight.shares) for fault in missed), default=0)
    largest: dict[tuple[bool, str], float] = {}
    for fault in missed:
        group = (fault.sight.caught, fault.reason)
        largest[group] = max(largest.get(group, 0.0), fault.sight.shares[0])
    order = sorted(largest, key=lambda group: (group[0], -largest[group]))
    return [
        (
            f"missed at {'the configured point' if caught or points == 1 else 'both points'}: {reason}",
            [fault for fault in missed if (fault.sight.caught, fault.reason) == (caught, reason)],
        )
        for caught, reason in order
    ]


def _by_kind(faults: Sequence[KnownFault]) -> list[list[KnownFault]]:
    kinds: dict[str, list[KnownFault]] = {}
    for fault in faults:
        kinds.setdefault(fault.sight.fault.kind, []).append(fault)
    return list(kinds.values())


def _others(caught: Sequence[KnownFault], width: int) -> str:
    """Those that the configured point catches, in a row, with the smallest of their shares."""
    kinds = {each.sight.fault.kind for each in caught}
    sights = [each.sight for each in caught]
    share = f">{min(sight.shares[0] for sight in sights):.0e}"
    words = [_word([sight.caught_at[at] for sight in sights]) for at in range(len(sights[0].caught_at))]
    number = f"{len(caught)} fault" + ("s" if len(caught) > 1 else "")
    of = f" of {len(kinds)} kind" + ("s" if len(kinds) > 1 else "")
    return _row(f"caught: {number}{of}", (share, *words), width)


def _kind_row(faults: Sequence[KnownFault], width: int) -> str:
    share = max(fault.sight.shares[0] for fault in faults)
    points = len(faults[0].sight.caught_at)
    words = [_word([fault.sight.caught_at[at] for fault in faults]) for at in range(points)]
    share_cell = f"{share:.0e}" if share > NO_EFFECT else "0"
    return _row(f"  {_label(faults, width)}", (share_cell, *words), width)


def _word(caught: Sequence[bool]) -> str:
    return "caught" if all(caught) else "missed" if not any(caught) else f"{sum(caught)}/{len(caught)}"


def _label(faults: Sequence[KnownFault], width: int) -> str:
    """Kind and terms, as many as there is room for."""
    kind = faults[0].sight.fault.kind
    terms = [fault.sight.fault.term for fault in faults]
    if kind == WINDOW and len(terms) > 1:
        return f"{kind} {min(terms, key=int)} to {max(terms, key=int)}"
    room = _room(width) - len("  ")
    every = f"{kind} {', '.join(terms)}"
    if len(faults) == 1:
        ways = (
            f" ({faults[0].missed_ways} of {faults[0].ways} ways)" if faults[0].ways > faults[0].missed_ways > 0 else ""
        )
        return every + ways if len(every + ways) <= room else every
    if len(every) <= room:
        return every
    fitting = [f"{kind} {', '.join(terms[:n])}, +{len(terms) - n}" for n in range(len(terms) - 1, 0, -1)]
    return next((label for label in fitting if len(label) <= room), f"{kind} ({len(terms)} terms)")


def _room(width: int) -> int:
    return width - sum(COLUMNS) - GAP * len(COLUMNS)


def _row(name: str, cells: Sequence[str], width: int) -> str:
    padded = zip(cells, COLUMNS, strict=False)
    return (name.ljust(_room(width)) + "".join(" " * GAP + cell.ljust(size) for cell, size in padded)).rstrip()


def vanishing_lines(vanishing: Vanishing, *, width: int, encoding: str) -> Iterator[str]:
    """Draw the norm of the chain by lag on a logarithmic scale, and say how far it reaches."""
    width = min(max(width, NARROWEST), WIDEST)
    yield from textwrap.wrap(f"chain:    {_reading(vanishing)}", width, subsequent_indent=" " * 10)
    yield from textwrap.wrap(f"units:    {_units(vanishing)}", width, subsequent_indent=" " * 10)
    block = BLOCK if _can_encode(BLOCK, encoding) else BLOCK_IN_ASCII
    if len(vanishing.norms) > 1:
        yield from (
            f"  lag {lag:<3} {_size(vanishing.norms[lag])} {_bar(vanishing, lag, block)}".rstrip()
            for lag in _shown(len(vanishing.norms))
        )


def _reading(vanishing: Vanishing) -> str:
    """Say how fast the chain shrinks or grows and where the check loses it."""
    factor, lags = vanishing.factor, len(vanishing.norms) - 1
    if factor is None:
        return "a sequence of one step has none"
    states = ", ".join(cell_called(vanishing.cell).states)
    state = f"({states})" if "," in states else states
    quotient = f"d{state}_t/d{state}_(t-lag)"
    if not math.isfinite(factor):
        return f"explodes: {quotient} is not finite"
    pace = f"median norm of {quotient} {'grows' if factor > 1 else 'shrinks'} by a factor of {factor:.2g} a lag"
    if (lost := vanishing.lost_at) is None:
        return f"{pace}; the check ({vanishing.sensitivity:g}, marked |) sees as far as lag {lags}"
    return f"{pace}; from lag {lost} on it is below what the check resolves ({vanishing.sensitivity:g}, marked |)"


def _units(vanishing: Vanishing) -> str:
    share = f"{vanishing.saturated:.0%}"
    if vanishing.cell == "relu":
        return f"{share} are dead: never positive"
    what = "states" if is_elman(cell_called(vanishing.cell)) else "gates and states"
    return f"{share} of the {what} are saturated: a slope below {SATURATED:.0%} of the largest"


def _shown(count: int) -> list[int]:
    """Lags that have a bar, as far from each other as can be, the first and the last among them."""
    stride = -(-(count - 1) // (MOST_BARS - 1))
    return sorted({*range(0, count, stride), count - 1})


def _size(norm: float) -> str:
    return f"{norm:7.1e}" if math.isfinite(norm) else "    inf"


def _bar(vanishing: Vanishing, lag: int, block: str) -> str:
    """A bar, with the check's sensitivity marked on it."""
    largest = max(norm for norm in vanishing.norms if math.isfinite(norm))
    length, mark = _columns(vanishing.norms[lag], largest), _columns(vanishing.sensitivity, largest)
    bar = block * length + " " * max(mark + 1 - length, 0)
    return bar[:mark] + "|" + bar[mark + 1 :] if mark < BAR else bar


def _columns(norm: float, largest: float) -> int:
    if not norm > SMALLEST:
        return 0
    return round(BAR * math.log(min(norm, largest) / SMALLEST) / math.log(largest / SMALLEST))


def _can_encode(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
