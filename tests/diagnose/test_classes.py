"""Faults that give the same gradients at every draw are one class, and the first in the library's order names it.

Which those are is worked out from gradients and pinned here: a change of the library shows as a change of a class.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.taps import window_fault
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.model.reference import reference_gradients
from tests.faults.planted import faults_of
from tests.model.problems import document, problem_of

SAME = 1e-12
# square, so that transposes are there; a batch, a length and widths that no constant mistakes for each other
SIZES = (
    {"length": 6, "batch_size": 3, "input_size": 4, "hidden_size": 4, "output_size": 4},
    {"length": 7, "batch_size": 4, "input_size": 5, "hidden_size": 5, "output_size": 5},
)
FULL = {"biases": True, "initial_state": "learned", "reduction": "sum", "inputs": "dense", "gain": 1.0}
# bounds that act on small gradients, and on slopes of small weights
BOUNDS = dict.fromkeys((Damage.CLIP, Damage.CLIP_NORM, Damage.BOUND, Damage.BOUND_NORM), 1e-6) | {Damage.AT_LEAST: 0.24}

# a canonical name, then those that cannot be told from it; f' is the derivative of the cell at hand
CLASSES = {
    "all": {
        # the initial state meets W_hh at the first step alone
        ("missing-initial-state:h[t-1]", "skipped-step:W_hh"),
        # a bias is a plain sum: what is shifted off its end is a step left out
        ("skipped-step:b_h", "wrong-time-index:b_h"),
        ("skipped-step:b_y", "wrong-time-index:b_y"),
        # in an outer product, one operand a step late is the other a step early
        ("wrong-time-index:x[t]", "wrong-time-index:W_xh"),
        ("wrong-time-index:h[t-1]", "wrong-time-index:W_hh"),
        ("wrong-time-index:h[t]", "wrong-time-index:W_hy"),
    },
}
CLASSES["last"] = CLASSES["all"] - {("skipped-step:b_y", "wrong-time-index:b_y")} | {
    # surprising: before the last step there is no gradient of W_hh yet, so a carry made of it is zero
    ("missing-term:dh_next", "wrong-operand:W_hh"),
    # a loop that begins at step 0 finds no error after it; one that ends after the last step does not look for any
    ("forward-order-loop:loop", "truncated-chain:0"),
    # surprising: a derivative that is zero at the last step stops the only error there is
    ("wrong-time-index:f'", "wrong-time-index:dy", "skipped-step:last", "missing-term:dy"),
    # only the last step has an error of its own, and it is the first that the loop visits
    ("missing-term:dh_next in W_xh", "overwritten-accumulator:W_xh"),
    ("missing-term:dh_next in W_hh", "overwritten-accumulator:W_hh"),
    ("missing-term:dh_next in b_h", "overwritten-accumulator:b_h"),
    # all that is left of the outputs' gradients is that of the last step: whatever misses it leaves zeros
    (
        *("wrong-time-index:h[t]", "overwritten-accumulator:W_hy", "skipped-step:W_hy", "wrong-time-index:W_hy"),
        "missing-gradient:W_hy",
    ),
    ("overwritten-accumulator:b_y", "skipped-step:b_y", "wrong-time-index:b_y", "missing-gradient:b_y"),
    # the first step's state used at the last step, which is the only one whose output counts
    ("wrong-time-index:h[t]", "stale-cache:h[t]", "wrong-time-index:W_hy"),
    ("stale-cache:cache", "stale-cache:h[t-1]"),
    # from the last step, a window of k lags reaches as far as a chunk of k + 1 steps counted from the end
    *((f"truncated-chain:{lags}", f"truncated-chain:{lags + 1}") for lags in (1, 2, 3, 4)),
}

WITHOUT_EFFECT = {
    "all": {
        *("wrong-time-index:b_h SHIFT_WRAPPED", "wrong-time-index:b_y SHIFT_WRAPPED"),
    },
}
WITHOUT_EFFECT["last"] = WITHOUT_EFFECT["all"] | {
    # the last step is the only one that counts: what keeps it is right
    *("overwritten-carry:dh ONLY_WITHOUT_CARRY", "wrong-time-index:b_y SHIFT_DROPPED"),
    *(f"overwritten-accumulator:{name} KEEP_FIRST_VISITED" for name in ("W_hy", "b_y")),
    *(f"skipped-step:{name} SKIP_FIRST" for name in ("W_hy", "b_y")),
    *("stale-cache:h[t] STALE_LAST", "stale-cache:h[t] STALE_FINAL"),
    *("wrong-time-index:h[t] SHIFT_CLAMPED", "wrong-time-index:h[t] OWN_SHIFT_CLAMPED"),
}

every_net = pytest.mark.parametrize(
    ("cell", "kind", "steps"),
    [
        (cell, kind, steps)
        for cell in ("tanh", "relu", "sigmoid")
        for kind in ("softmax_cross_entropy", "mse")
        for steps in ("all", "last")
    ],
)


def problems(cell: str, kind: str, steps: str, state: str) -> list[Problem]:
    fixed = FULL | {"cell": cell, "kind": kind, "steps": steps, "initial_state": state}
    return [problem_of(document(seed, **fixed, **sizes)) for seed, sizes in enumerate(SIZES)]


@cache
def classes(cell: str, kind: str, steps: str, state: str = "learned") -> tuple[tuple[Fault, ...], ...]:
    """Faults in the library's order, those with the same gradients at both draws together; first those without any."""
    draws = problems(cell, kind, steps, state)
    faults = [
        replace(fault, amount=BOUNDS.get(fault.damage, fault.amount))
        for fault in faults_of(draws[0].net)  # the shorter one's: its windows show on both
    ]
    alike = np.logical_and.reduce([alike_at(draw, [None, *faults]) for draw in draws])
    leaders = [i for i in range(len(alike)) if not alike[i, :i].any()]
    grouped = [tuple(faults[i - 1] for i in np.flatnonzero(alike[leader]) if i > 0) for leader in leaders]
    return tuple(grouped)


def alike_at(problem: Problem, faults: Sequence[Fault | None]) -> np.ndarray:
    """Which faults give the same gradients at one draw, (F, F); None is right."""
    each = [reference_gradients(problem, [fault] if fault else []) for fault in faults]
    alike = np.ones((len(faults), len(faults)), dtype=bool)
    for name in problem.parameters:
        rows = np.array([gradients[name].reshape(-1) for gradients in each])
        size = np.abs(rows).max(axis=1)
        for i, row in enumerate(rows):
            gap = np.abs(rows[alike[i]] - row).max(axis=1)
            alike[i, alike[i]] = gap <= SAME * np.maximum(size[i], size[alike[i]])
    return alike


def names(faults: Sequence[Fault], cell: str) -> tuple[str, ...]:
    """Names in the library's order, each once."""
    return tuple(dict.fromkeys(fault.name.replace(f"{cell}'", "f'") for fault in faults))


@every_net
def test_faults_that_cannot_be_told_apart_are(cell, kind, steps):
    _, *found = classes(cell, kind, steps)
    assert {names(each, cell) for each in found if len(names(each, cell)) > 1} == CLASSES[steps]


@pytest.mark.parametrize("cell", ["tanh", "relu", "sigmoid"])
def test_where_no_initial_state_takes_its_last_carry_a_loop_that_runs_forward_carries_nothing_either(cell):
    """Of a loss on the last step: that step comes last in such a loop."""
    _, *found = classes(cell, "mse", "last", "zeros")
    carry = [each for each in CLASSES["last"] if each[0] in ("missing-term:dh_next", "forward-order-loop:loop")]
    assert len(carry) == 2
    expected = ("missing-term:dh_next", "wrong-operand:W_hh", "forward-order-loop:loop", "truncated-chain:0")
    assert {names(each, cell) for each in found if len(names(each, cell)) > 1} == CLASSES["last"] - {*carry} | {
        expected
    }


@every_net
def test_faults_that_cannot_happen_are(cell, kind, steps):
    without, *_ = classes(cell, kind, steps)
    assert {f"{fault.name} {fault.damage.name}" for fault in without} == WITHOUT_EFFECT[steps]


@every_net
def test_what_is_both_a_fault_of_one_parameter_and_one_of_the_chain_is(cell, kind, steps):
    """Of these the diagnosis takes the parameter's own, which leaves the chain right."""
    _, *found = classes(cell, kind, steps)
    mixed = {names(each, cell) for each in found if len({fault.parameter is None for fault in each}) > 1}
    assert mixed == ({("stale-cache:cache", "stale-cache:h[t-1]")} if steps == "last" else set())


@pytest.mark.parametrize("cell", ["tanh", "relu", "sigmoid"])
@pytest.mark.parametrize(
    ("other", "canonical"),
    [
        ("skipped-step:W_hh", "missing-initial-state:h[t-1]"),
        ("wrong-time-index:W_hh", "wrong-time-index:h[t-1]"),
        ("wrong-operand:W_hh", "missing-term:dh_next"),
    ],
)
def test_one_class_goes_by_the_canonical_name(cell, other, canonical):
    of_both = [names(each, cell) for steps in ("all", "last") for each in classes(cell, "mse", steps)[1:]]
    assert canonical in {each[0] for each in of_both if other in each[1:]}


@pytest.mark.parametrize("steps", ["all", "last"])
def test_a_window_of_no_lags_is_a_missing_carry(steps):
    problem = problem_of(document(0, **(FULL | {"initial_state": "zeros"}), **SIZES[0], steps=steps))
    missing = next(fault for fault in faults_of(problem.net) if fault.name == "missing-term:dh_next")
    assert alike_at(problem, [window_fault(0), missing]).all()


@pytest.mark.parametrize("damage", [Damage.SHIFT_DROPPED, Damage.SHIFT_CLAMPED, Damage.SHIFT_WRAPPED])
def test_the_next_state_for_the_one_before_is_one_name_whatever_happens_at_the_edges(damage):
    (late,) = (
        each
        for each in classes("tanh", "mse", "all")
        for fault in each
        if (fault.term, fault.damage, fault.amount) == ("h[t-1]", damage, 1)
    )
    assert names(late, "tanh") == ("wrong-time-index:h[t-1]",)
