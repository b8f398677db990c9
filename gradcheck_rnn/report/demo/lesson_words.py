"""Sentences of the lesson that only its pictures need."""

from gradcheck_rnn.cells.equation import Cell, delta_of, previous
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.report.demo.chapters import NamedMap


def carries(cell: Cell, *, between: str = " and ") -> str:
    """Name what brings errors back to the step before."""
    return between.join(delta_of(previous(state)) for state in cell.states)


def what_is_summed(cell: Cell) -> list[str]:
    """Say what backpropagation through time is, beside a drawing of the unrolled net."""
    first = next(cell.affine)
    return [
        "A recurrent net uses the same weights at every step. Unrolled over time, as in the drawing, it is a deep net "
        "whose layers share them. So the gradient of a weight is a sum over all steps.",
        f"Backpropagation through time walks that drawing backwards, from the last step to the first. d{first.name}[t] "
        f"gathers two things: what the loss of step t itself says, and what came back from all later "
        f"steps through {carries(cell)}. Forget the second one, or get it wrong, and every step but the last is wrong.",
    ]


def sums(cell: Cell) -> list[str]:
    """Write down the sums for the weights of the cell's first pre-activation."""
    first = next(cell.affine)
    return [f"d{term.weight} = sum over t of outer({_at_step(term.operand)}, d{first.name}[t])" for term in first.terms]


def _at_step(operand: str) -> str:
    return operand if "[" in operand else f"{operand}[t]"


def paths(settings: Settings) -> str:
    """Say on how many paths errors go back."""
    length = settings.sequence.length
    if settings.loss.steps == "last":
        return f"Only the last step has a loss, and its error must reach every one of the T = {length} steps."
    return (
        f"Each of T steps has a loss, and each loss reaches every step before it: over {length} steps these are "
        f"{length * (length + 1) // 2} paths from an error to a place where it counts."
    )


def unrolled_one() -> str:
    """Say what one step shows."""
    return "The error of the loss goes down to the weights. There is nothing to carry back."


def unrolled_more(cell: Cell) -> str:
    """Say what more steps show."""
    return f"Now an error is carried back, by {carries(cell)}, and the sums have more than one term."


def before_maps(maps: tuple[NamedMap, ...]) -> str:
    """Say what the maps beside each other are."""
    length = maps[0].chain.length
    return (
        f"The error made at word t must reach every word k before it. Here each path is followed, over {length} words, "
        f"for {', '.join(each.name for each in maps[:-1])}, and for {maps[-1].name}, which is this story's. Above is "
        "how much arrives, below is whether that is what the numbers say."
    )
