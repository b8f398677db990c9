"""What a fault can reach, going by layers, directions and taps alone: before anything is computed."""

from collections.abc import Iterable

from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.faults.inputs import DX
from gradcheck_rnn.faults.layers import HALVES
from gradcheck_rnn.model.net import Net


def may_explain(fault: Fault, net: Net, wrong: Iterable[str]) -> bool:
    """Whether one fault of the chain may make exactly these parameters wrong, going by layers and directions alone.

    A fault of one sweep leaves the others of its layer and all layers above as they are; one that is everywhere shows
    in the uppermost layer too, but for what is handed down between layers.
    """
    sweeps = [net.located[name][1] for name in wrong if name in net.located]
    if not sweeps or len(net.structure.sweeps) == 1:
        return True
    if not fault.place:
        is_handed_down = any(DX in tap for tap in fault.taps)
        return is_handed_down or any(sweep.level == net.layers - 1 for sweep in sweeps)
    own = next(sweep for sweep in net.structure.sweeps if sweep.place == fault.place)
    return all(sweep.level < own.level or sweep == own or fault.taps == (HALVES,) for sweep in sweeps)


def collide(one: Fault, other: Fault) -> bool:
    """Whether two faults do their damage at one tap."""
    return bool({*one.taps} & {*other.taps}) and (one.place == other.place or "" in (one.place, other.place))
