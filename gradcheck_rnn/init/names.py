"""What people call sizes, arguments and gradients. Names propose; what the code does with them comes first."""

import re
from collections.abc import Iterable, Mapping

# sizes of the written configuration: all differ, and so do sums of two and multiples of one, so that every shape tells
# what it is made of; small, so that a check takes seconds. The probe has nine steps too, so that a fixed length fits it
HIDDEN, INPUT, OUTPUT, STEPS, BATCH = 5, 6, 4, 9, 3

# what stands for a size: a part of its name, or all of it; the first kind that fits
_SIZES: tuple[tuple[int, str, str], ...] = (
    (STEPS, r"seq|step|time|unroll", r"t|tx"),
    (BATCH, r"batch", r"b|bs"),
    (HIDDEN, r"hid|unit|neuron|state|cells", r"h|nh|hn|hs|dh|hdim|dimh|na|u"),
    (INPUT, r"vocab|char|word|letter|symbol|alphabet|lexicon|token", r"v|vs"),
    (OUTPUT, r"out|class|label|target", r"o|ny|noy|y|k|ydim|dimy|q"),
    (INPUT, r"input|inp_|(^|_)in(_|$|dim|size)|feature|embed", r"d|i|nx|x|xdim|dimx|e"),
)
_ARGUMENTS: tuple[tuple[str, str], ...] = (
    ("rate", r"lr|eta|alpha|rate|(learn|learning|step)\w*(rate|size)"),
    (
        "c",
        r"c|c_?\d|(c|cell|memory)_?(state_?)?(prev|init|in|0|old|last)\w*|(prev|init|initial|last)_?(c|cell)\w*|cell",
    ),
    ("h", r"[has]_?0|[hsa]|(h|s|a|hidden|state)_?(state_?)?(prev|init|in|0|old|last|before)\w*"),
    ("h", r"(prev|init|initial|last|previous)_?([hsa]|hidden|state)\w*|hidden(_?state)?|state|before|carry"),
    ("targets", r"y|ys|\w*target\w*|\w*label\w*|(y|t)_?(true|train|batch|seq|one_?hot)\w*|t|ts|following|\w+_out"),
    ("inputs", r"x|xs|X|\w*input\w*|x_?(t|seq|batch|train|s|data)\w*|\w*tokens?|words?|(sequence|seq|sentence|data)s?"),
    ("inputs", r"(ids?|chars|letters|series|u|us|\w+_in)"),
)
_UPSTREAM = r"(d|grad|dl|d_l_d|dloss)_?(y|ys|out|o|logits?|output|outputs|y_?hat|scores?)"
_BEFORE = ("d", "grad", "gradient", "delta", "nabla", "g", "dl", "dld", "dj", "djd", "dc", "dcd", "de", "ded", "gradof")
_AFTER = ("grad", "gradient", "diff", "delta", "g", "d", "bar")


def size_called(name: str) -> int | None:
    """A number for what a name calls a size: units, inputs or words, classes; None where the name tells nothing."""
    plain = name.rpartition(".")[2].lower().strip("_")
    if re.search(r"_to_|2|idx|_ix|index|dict|map", plain):
        return None
    for size, part, whole in _SIZES:
        if re.fullmatch(whole, plain.replace("_", "")) or re.search(part, plain):
            return size
    return None


def argument_called(name: str) -> str:
    """What an argument of a name takes: "inputs", "targets", "h", "c", "rate"; "" where it tells nothing."""
    plain = name.strip("_")
    kinds = (
        kind for kind, pattern in _ARGUMENTS if re.fullmatch(pattern, plain) or re.fullmatch(pattern, name.lower())
    )
    return next(kinds, "")


def is_output_error(name: str) -> bool:
    """Whether an argument takes the derivative of the loss by the net's output."""
    return re.fullmatch(_UPSTREAM, name.strip("_").lower()) is not None


def gradient_names(weights: Iterable[str]) -> Mapping[str, str]:
    """Every name that a gradient may go by, with the weight that it is of; the weights' own names are not among them.

    Case and underscores count only where two weights are alike without them.
    """
    names = list(weights)
    found: dict[str, str] = {}
    for name in names:
        plain = plain_name(name)
        for called in (*(before + plain for before in _BEFORE), *(plain + after for after in _AFTER)):
            found.setdefault(called, name)
    return {called: name for called, name in found.items() if called not in set(map(plain_name, names))}


def plain_name(name: str) -> str:
    """A name without what leads to it, underscores and case."""
    return re.sub(r"[\W_]", "", name.rpartition(".")[2]).casefold()
