"""The bugs of a deep net: what its layers, directions, inputs and outputs bring, and every single bug of each cell."""

from functools import lru_cache

from .deep_bug import NET, DeepBug, in_cell
from .deep_bugs_cell import cell_bugs
from .deep_bugs_directions import direction_bugs
from .deep_bugs_elman import elman_bugs
from .deep_bugs_ends import end_bugs
from .deep_bugs_layers import layer_bugs
from .deep_cell import cell_text
from .deep_net import net_text
from .deep_spec import DeepSpec
from .gated_bug import Bug, fitting_way
from .gated_bugs_gru import GRU_BUGS
from .gated_bugs_lstm import LSTM_BUGS

GATED = {"lstm": LSTM_BUGS, "gru": GRU_BUGS}
# The caches of a deep net hold the errors as well: a stale one would move those too.
LEFT_OUT = ("stale-cache:cache", "stale-cache:cache/of the output too")


@lru_cache(maxsize=1024)
def bugs_of(spec: DeepSpec) -> tuple[DeepBug, ...]:
    """Every bug that this net may have in one place, whatever its sizes."""
    alone = (in_cell(one, place) for place in spec.places for one in single_bugs(spec))
    between = direction_bugs(spec) if spec.bidirectional else layer_bugs(spec)
    return tuple(one for one in (*alone, *between, *end_bugs(spec)) if _has_place(one, spec))


@lru_cache(maxsize=1024)
def everywhere_of(spec: DeepSpec) -> tuple[DeepBug, ...]:
    """The bugs of a cell in every layer or direction at once, as where one step function serves them all."""
    if len(spec.places) == 1:
        return ()
    return tuple(one for each in single_bugs(spec) if _has_place(one := in_cell(each, *spec.places), spec))


def single_bugs(spec: DeepSpec) -> tuple[Bug, ...]:
    """Bugs of one layer or direction."""
    gated = (one for one in GATED.get(spec.family, ()) if one.identifier.partition(":")[2] not in LEFT_OUT)
    own = elman_bugs(spec) if spec.family == "elman" else tuple(gated)
    return (*own, *cell_bugs(spec))


def _has_place(one: DeepBug, spec: DeepSpec) -> bool:
    try:
        for part in one.parts:
            fitting_way(part_text(spec, part), one.bug)
    except LookupError:
        return False
    return True


def part_text(spec: DeepSpec, part: str) -> str:
    """The right text of one layer or direction, without its names' end, or of the net around them."""
    return net_text(spec) if part == NET else cell_text(spec, passes_down=spec.passes_down(part))
