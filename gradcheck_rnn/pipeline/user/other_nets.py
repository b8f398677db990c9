"""Nets that differ from the described one in keys of the YAML: what else the user's code may be."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import get_args

from gradcheck_rnn.cells.catalogue import CUSTOM
from gradcheck_rnn.config.settings import Cell, Keeps, Layout, LstmOutput, Reset
from gradcheck_rnn.model.net import Net

# conventions, not mistakes: where the YAML is silent they are taken as the user's loss has them
CONVENTIONS = ("model.layout", "model.gru.reset", "model.gru.keeps", "model.gru.recurrent_bias")


def other_nets(net: Net) -> dict[str, Net]:
    """Nets that differ from this one in a single key of the YAML, by that key and its value."""
    state = "zeros" if net.learned else "learned"
    nets = {f"model.layout: {each}": replace(net, layout=each) for each in get_args(Layout) if each != net.layout}
    nets |= {
        f"model.cell: {each}": replace(net, cell=each) for each in get_args(Cell) if each not in (net.cell, CUSTOM)
    }
    nets |= _other_variants(net)
    nets[f"model.biases: {_yaml(not net.biases)}"] = replace(net, biases=not net.biases)
    nets[f"model.initial_state: {state}"] = replace(net, learned=not net.learned)
    return nets


def nets_by_keys(net: Net) -> Iterator[tuple[tuple[str, ...], Net]]:
    """Nets that differ from this one in one key of the YAML, then those in two, each with its keys."""
    single = other_nets(net)
    yield from (((key,), other) for key, other in single.items())
    known = [net, *single.values()]
    for key, other in single.items():
        for second, further in other_nets(other).items():
            if further not in known:
                known.append(further)
                yield (key, second), further


def nets_by_convention(net: Net, stated: Collection[str]) -> Iterator[tuple[tuple[str, ...], Net]]:
    """Nets of another convention in keys that are not stated, each with its keys; those in fewer keys come first."""
    silent = [key for key in CONVENTIONS if key not in stated]
    known = [net]
    last: list[tuple[tuple[str, ...], Net]] = [((), net)]
    while last:
        last, ring = [], last
        for keys, each in ring:
            for key, other in other_nets(each).items():
                if key.partition(":")[0] in silent and other not in known:
                    known.append(other)
                    last.append(((*keys, key), other))
        yield from last


def _other_variants(net: Net) -> dict[str, Net]:
    """Nets of the same cell in what varies between its authors."""
    now = net.variant
    if net.cell == "lstm":
        variants = {
            f"model.lstm.output: {each}": replace(now, lstm_output=each)
            for each in get_args(LstmOutput)
            if each != now.lstm_output
        }
        variants[f"model.lstm.peepholes: {_yaml(not now.peepholes)}"] = replace(now, peepholes=not now.peepholes)
        variants[f"model.lstm.coupled_gates: {_yaml(not now.coupled)}"] = replace(now, coupled=not now.coupled)
    elif net.cell == "gru":
        inner = now.recurrent_bias
        variants = {
            f"model.gru.reset: {each}": replace(now, reset=each)
            for each in get_args(Reset)
            if each == "after" or not inner
        }
        variants |= {f"model.gru.keeps: {each}": replace(now, keeps=each) for each in get_args(Keeps)}
        if now.reset == "after":
            variants[f"model.gru.recurrent_bias: {_yaml(not inner)}"] = replace(now, recurrent_bias=not inner)
    else:
        variants = {}
    return {key: replace(net, variant=variant) for key, variant in variants.items() if variant != now}


def _yaml(switch: bool) -> str:
    return str(switch).lower()
