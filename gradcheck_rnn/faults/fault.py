"""What a fault is: a kind of damage, done at one or several taps of a reference backward pass."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

# where the words on a fault have its amount, which is fitted to the gradients and has their units
AMOUNT = "{amount}"


class Damage(Enum):
    """What is done to the value that passes through a tap; which damages make sense depends on the tap."""

    # a term of a sum, such as dh_next in dh = dy @ W_hy.T + dh_next
    DROP = "left out"
    NEGATE = "subtracted"
    DOUBLE = "counted twice"
    ONLY_WITHOUT_CARRY = "left out where there is a carry"
    ELSEWHERE = "added elsewhere"
    ALSO_ELSEWHERE = "added elsewhere too"
    # the carry, where it is assigned
    ACCUMULATE = "never set anew"
    CLIP = "clipped"
    CLIP_NORM = "clipped by its norm"
    # a factor: a weight
    UNTRANSPOSE = "not transposed"
    GRADIENT = "replaced by its own gradient"
    # a factor: an activation's derivative
    OTHER_SLOPE = "the derivative of something else"
    FIRST_UNIT = "the first unit's, broadcast to all"
    LAST_UNIT = "the last unit's, broadcast to all"
    MEAN_UNIT = "the mean of all units, broadcast to all"
    AT_LEAST = "bounded from below"
    # rows of a stack over time
    SHIFT_DROPPED = "of another step, none beyond the ends"
    SHIFT_CLAMPED = "of another step, the last one beyond the ends"
    SHIFT_WRAPPED = "of another step, wrapped round at the ends"
    # the same in a list that does not hold the initial state
    OWN_SHIFT_DROPPED = "of another step, zero beyond the steps"
    OWN_SHIFT_CLAMPED = "of another step, the nearest one beyond the steps"
    OWN_SHIFT_WRAPPED = "of another step, wrapped round within the steps"
    REVERSED = "in the reverse order"
    PUT = "put to another step, added up beyond the ends"
    PUT_LAST = "put to another step, the last one beyond the ends"
    WRAP_FIRST = "index -1 at the first step"
    ZERO_FIRST = "zero at the first step"
    STALE_LAST = "the last step's at all steps"
    STALE_FIRST = "the first step's at all steps"
    STALE_FINAL = "the last entry at all steps"
    # an operand
    OTHER = "another quantity"
    ANOTHERS = "the same of another layer or direction"
    INITIAL_OF_ANOTHER = "at the first step the initial state of another layer or direction"
    # the loop
    FORWARD = "run forward in time"
    SKIP_FIRST = "without the first step"
    SKIP_LAST = "without the last step"
    ONE_TOO_FAR = "one step too far"
    LAST_STEPS = "of the last steps only"
    # the chain
    WINDOW = "cut after some lags"
    CHUNKS = "cut at multiples of some length"
    CHUNKS_FROM_END = "cut at multiples of some length, counted from the end"
    # the output error
    NO_TARGET = "without the target"
    TARGET = "the target alone"
    TARGET_ADDED = "with the target's sign turned"
    DIAGONAL = "with an elementwise Jacobian"
    UNFINISHED = "without the output's derivative"
    TWICE = "with the output's Jacobian twice"
    SPURIOUS_SLOPE = "times a derivative that is not there"
    EVERY_STEP = "at every step"
    ONES = "ones for the upstream gradient"
    # an accumulator, or a whole gradient
    KEEP_LAST_VISITED = "assigned, not added: the step visited last"
    KEEP_FIRST_VISITED = "assigned, not added: the step visited first"
    KEEP_LAST_OF_ROW = "assigned, not added: of a token that comes again, one occurrence"
    KEEP_LAST_OF_STEP = "assigned, not added: of a token that several sequences have at a step, one occurrence"
    ADD_ITSELF = "added to itself at every step"
    LAST_SEQUENCE = "of the last sequence of the batch only"
    TRANSPOSE = "transposed"
    SCALE = "times a constant"
    BOUND = "bounded"
    BOUND_NORM = "bounded by its norm"
    REGULARISE = "plus a multiple of the parameter"


# damage whose amount is a gradient, or a gradient by a parameter: it grows with the loss
OF_A_GRADIENT = (Damage.CLIP, Damage.CLIP_NORM, Damage.BOUND, Damage.BOUND_NORM, Damage.REGULARISE)


@dataclass(frozen=True)
class Fault:
    """One way in which a backward pass is wrong.

    `kind` and `term` are the stable names; `says` puts it in words, whatever the layout, with AMOUNT in the place of an
    amount that has units; `taps` are the places that `damage` is done at, `amount` its shift, window, factor or bound,
    `other` what is taken instead. A fault of one `parameter` alone names it; one that is not everywhere names the
    `place` of the sweep that it happens to, and `taps` are then the names within that sweep.
    """

    kind: str
    term: str
    says: str
    taps: tuple[str, ...]
    damage: Damage
    amount: float = 0.0
    other: str = ""
    parameter: str | None = None
    place: str = ""

    @property
    def name(self) -> str:
        """Kind and term in one word, as a configuration writes it."""
        return f"{self.kind}:{self.term}"

    @property
    def message(self) -> str:
        """The fault in words, its amount among them."""
        return self.says.replace(AMOUNT, f"{self.amount:.6g}")

    def where_loss_is_multiplied(self, factor: float) -> Self:
        """Return the same fault of code whose loss, and so every gradient, is `factor` times the one at hand."""
        if self.damage not in OF_A_GRADIENT:
            return self
        # a bound has no sign
        return replace(self, amount=self.amount * (factor if self.damage is Damage.REGULARISE else abs(factor)))
