"""What may be clipped inside the recurrence: at each place the bound that fits the returned gradients best."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product

from gradcheck_rnn.diagnose.bounds import best_bound
from gradcheck_rnn.diagnose.scene import Scene
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.library import clipped_places
from gradcheck_rnn.faults.taps import clip_fault


def fitted_clips(scene: Scene, chain: Sequence[Fault], *, same: float, scaled: bool) -> Iterator[Fault]:
    """Yield, for each place that may be clipped in a chain with these faults, the clip that fits best.

    `scaled`: up to a constant, which a bound that every entry reaches cannot be told from.
    """
    if not (judged := _judged(scene, chain, same)):
        return
    for name, damage in product(clipped_places(scene.net.equations), (Damage.CLIP, Damage.CLIP_NORM)):
        yield clip_fault(name, best_bound(partial(_gap, scene, chain, judged, name, damage, scaled)), damage)


def _judged(scene: Scene, chain: Sequence[Fault], same: float) -> list[str]:
    """Parameters that a bound can be read off: those that the chain alone leaves wrong, of more than one entry."""
    unclipped = scene.hypothesis(chain).gradients
    wrong = [name for name, predicted in unclipped.items() if scene.residual(name, predicted) >= same]
    return [name for name in wrong if unclipped[name].size > 1] or wrong


def _gap(
    scene: Scene, chain: Sequence[Fault], judged: Sequence[str], name: str, damage: Damage, scaled: bool, bound: float
) -> float:
    """Distance of the nearest parameter: others may have a fault of their own."""
    predicted = scene.hypothesis([*chain, clip_fault(name, bound, damage)]).gradients
    constants = {each: (scene.ratio(each, predicted[each]) or 1.0) if scaled else 1.0 for each in judged}
    return min(scene.residual(each, predicted[each], constants[each]) for each in judged)
