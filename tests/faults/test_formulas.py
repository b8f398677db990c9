"""The formulas that findings print: right where they are run, in the layout and the names of the user."""

import numpy as np
import pytest

from gradcheck_rnn.cells.catalogue import cell_called
from gradcheck_rnn.cells.elman import elman
from gradcheck_rnn.cells.structure import Structure
from gradcheck_rnn.faults.elman import named_constant
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.finished import bound_fault, norm_bound_fault, regulariser_fault
from gradcheck_rnn.faults.formulas import in_names, right_formula
from gradcheck_rnn.faults.library import chain_faults, fault_by_name
from gradcheck_rnn.model.problem import Problem
from tests.faults.planted import faults_of
from tests.model.problems import document, exact_gradients, problem_of

PLAIN = {
    "reduction": "sum",
    "steps": "all",
    "batch_size": None,
    "initial_state": "learned",
    "biases": True,
    "length": 5,
}
LAYOUTS = ("row", "column")


def formula(problem: Problem, name: str, **fields: object) -> str:
    net = problem.net
    faults = [
        fault for fault in faults_of(net) if all(getattr(fault, field) == value for field, value in fields.items())
    ]
    return right_formula(fault_by_name(name, faults), structure=net.structure, loss=net.loss.kind, layout=net.layout)


def softmax(y: np.ndarray) -> np.ndarray:
    odds = np.exp(y - y.max())
    return odds / odds.sum()


def run(problem: Problem) -> dict[str, np.ndarray]:
    """A backward pass of which every line is the formula that some fault's finding prints."""
    cell, parameters = problem.net.cell, problem.parameters
    step = {
        "dy": formula(problem, "missing-target:dy"),
        "dh": formula(problem, "untransposed-weight:W_hy"),
        "dz": formula(problem, f"missing-activation-derivative:{cell}'").partition(", with")[0],
    }
    sums = [formula(problem, f"sign-flip:{name}") for name in parameters if name != "h0"]
    carry = formula(problem, "untransposed-weight:W_hh", parameter=None)
    h, y = forward(problem)
    names = {"np": np, "softmax": softmax, "x": problem.batch.inputs, "dh_next": np.zeros_like(parameters["h0"])}
    names |= parameters | {f"d{name}": np.zeros_like(value) for name, value in parameters.items()}
    for t in reversed(range(len(y))):
        names |= {"t": t, "y": y[t], "target": problem.batch.targets[t], "h": h[t]}
        for line in step.values():
            exec(line, names)
        for line in sums:
            exec(line, names | {"h": h})  # += writes into the accumulators
        exec(carry, names)
    exec(formula(problem, "sign-flip:h0").partition(", of")[0], names)
    return {name: names[f"d{name}"] for name in parameters}


def forward(problem: Problem) -> tuple[dict[int, np.ndarray], list[np.ndarray]]:
    """States by their step, the initial one at -1, and outputs."""
    p = {name: problem.net.orient(name, value) for name, value in problem.parameters.items()}
    f = {"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0.0), "sigmoid": lambda z: 1 / (1 + np.exp(-z))}
    h = {-1: p["h0"]}
    for t, x in enumerate(problem.batch.inputs):
        h[t] = f[problem.net.cell](x @ p["W_xh"] + h[t - 1] @ p["W_hh"] + p["b_h"])
    return h, [h[t] @ p["W_hy"] + p["b_y"] for t in range(len(h) - 1)]


@pytest.mark.parametrize("kind", ["softmax_cross_entropy", "mse"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("cell", ["tanh", "relu", "sigmoid"])
def test_a_program_of_nothing_but_printed_formulas_is_right(cell, layout, kind):
    drawn = document(3, **PLAIN, cell=cell, layout=layout, kind=kind, hidden_size=4, output_size=3)
    problem = problem_of(drawn)
    found, exact = run(problem), exact_gradients(drawn, problem)
    for name, value in exact.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-9, atol=1e-12, err_msg=name)


TABLE = {
    # name, field: row layout, column layout
    ("bypassed-activation:dh_next", "other", "dh"): ("dh_next = dz @ W_hh.T", "dh_next = W_hh.T @ dz"),
    ("overwritten-carry:dh", "damage", Damage.ONLY_WITHOUT_CARRY): (
        "dh = dy @ W_hy.T + dh_next",
        "dh = W_hy.T @ dy + dh_next",
    ),
    ("missing-term:dh_next", "taps", ("dh_next made",)): (
        "dh_next = dz @ W_hh.T, assigned anew at each step and used in dh = dy @ W_hy.T + dh_next",
        "dh_next = W_hh.T @ dz, assigned anew at each step and used in dh = W_hy.T @ dy + dh_next",
    ),
    ("untransposed-weight:W_hy", "damage", Damage.UNTRANSPOSE): (
        "dh = dy @ W_hy.T + dh_next",
        "dh = W_hy.T @ dy + dh_next",
    ),
    ("missing-activation-derivative:tanh' of dh_next", "damage", Damage.ELSEWHERE): (
        "dh = dy @ W_hy.T + dh_next, and only then dz = dh * (1 - h**2)",
        "dh = W_hy.T @ dy + dh_next, and only then dz = dh * (1 - h**2)",
    ),
    ("forward-order-loop:loop", "damage", Damage.FORWARD): ("for t in reversed(range(T)), every step once",) * 2,
    ("stale-cache:cache", "damage", Damage.STALE_LAST): (
        "keep x[t], h[t-1] and h[t] of every step, and use those of step t at step t",
    )
    * 2,
    ("transposed-gradient:W_hh", "damage", Damage.TRANSPOSE): (
        "dW_hh += np.outer(h[t-1], dz)",
        "dW_hh += np.outer(dz, h[t-1])",
    ),
    ("missing-initial-state:h[t-1]", "damage", Damage.ZERO_FIRST): (
        "dW_hh += np.outer(h[t-1], dz), where h[-1] is the initial state",
        "dW_hh += np.outer(dz, h[t-1]), where h[-1] is the initial state",
    ),
    ("overwritten-accumulator:b_y", "damage", Damage.KEEP_LAST_VISITED): ("db_y += dy",) * 2,
    ("error-at-every-step:dy", "taps", ("output error",)): ("dy = softmax(y); dy[target] -= 1, at the last step only",)
    * 2,
    ("regulariser-mismatch:W_xh", "amount", 0.01): ("add the regulariser to the loss as well, or take 0.01 * W_xh out",)
    * 2,
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", TABLE, ids=lambda case: f"{case[0]} {case[2]}")
def test_the_place_should_read(case, layout):
    name, field, value = case
    last = {"steps": "last"} if name.startswith("error-at") else {}
    fixed = PLAIN | last | {"cell": "tanh", "kind": "softmax_cross_entropy"}
    problem = problem_of(document(3, **fixed, layout=layout))
    assert formula(problem, name, **{field: value}) == TABLE[case][LAYOUTS.index(layout)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_fault_has_a_formula_in_the_user_s_layout(layout):
    other = {
        "row": ("W_hh.T @", "W_hy.T @", "outer(dz", "outer(dy"),
        "column": ("@ W_hh.T", "@ W_hy.T", ", dz)", ", dy)"),
    }
    problem = problem_of(document(3, **(PLAIN | {"steps": "last"}), layout=layout))
    for fault in faults_of(problem.net):
        read = right_formula(fault, structure=problem.net.structure, loss=problem.net.loss.kind, layout=layout)
        assert read
        assert not any(fragment in read for fragment in other[layout]), fault.name


@pytest.mark.parametrize(
    ("constant", "start"),
    [
        *(("T", "divide every gradient by T:"), ("1/T", "multiply every gradient by T:")),
        *((2.5, "divide every gradient by 2.5:"), (-1.0, "negate every gradient, or the loss")),
    ],
)
def test_a_constant_is_undone_by(constant, start):
    read = right_formula(named_constant(constant), structure=Structure(elman("tanh")), loss="mse", layout="row")
    assert read.startswith(start)


OWN = {"W_xh": "U", "W_hh": "W", "b_h": "b", "W_hy": "V", "b_y": "c", "h0": "start"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dh_next = dz @ W_hh.T", "dh_next = dz @ W.T"),
        ("dW_hh += np.outer(h[t-1], dz)", "dW += np.outer(h[t-1], dz)"),
        ("db_h += dz", "db += dz"),
        ("dh = dy @ W_hy.T + dh_next", "dh = dy @ V.T + dh_next"),
        ("dh0 is dh of the first step: it lacks the last product with W_hh", "dstart is dh of the first step: "
         "it lacks the last product with W"),
        ("dh_next is multiplied by the gradient dW_hh in place of W_hh", "dh_next is multiplied by the gradient dW "
         "in place of W"),
        ("add the regulariser, or take 0.01 * W_xh out", "add the regulariser, or take 0.01 * U out"),
        ("my_W_hh and W_hh2 are no parameters", "my_W_hh and W_hh2 are no parameters"),
    ],
)  # fmt: skip
def test_a_text_in_the_user_s_names_reads(text, expected):
    assert in_names(text, OWN) == expected


def test_a_name_that_a_pattern_would_read_otherwise_is_put_in_as_it_is():
    assert in_names("W_hh and dW_hh", {"W_hh": r"W\1"}) == r"W\1 and dW\1"


def test_names_that_the_user_gives_to_other_parameters_are_not_replaced_again():
    """Somebody's b_y may be the bias that is described as b_h, and the reverse."""
    assert in_names("db_h and b_y", {"b_h": "b_y", "b_y": "b_h"}) == "db_y and b_h"


def test_a_bound_on_one_gradient_is_lifted_there():
    fault = Fault("clipped-gradient", "b_h", "says", ("b_h",), Damage.BOUND, 0.25, parameter="b_h")
    read = right_formula(fault, structure=Structure(elman("tanh")), loss="mse", layout="row")
    assert read == "return the gradient as it is; clip at 0.25 where the parameters are updated"


@pytest.mark.parametrize(
    ("fault", "read"),
    [
        (bound_fault(("W_xh", "b_h"), 5.0, Damage.BOUND), "return gradients as they are; clip at 5 where"),
        (norm_bound_fault(5.0), "return gradients as they are; clip at 5 where"),
        (regulariser_fault(("W_xh", "b_h"), 0.01), "or take 0.01 * each parameter out"),
    ],
)
def test_what_is_done_to_several_gradients_is_undone_in_all_of_them(fault, read):
    assert read in right_formula(fault, structure=Structure(elman("tanh")), loss="mse", layout="row")


@pytest.mark.parametrize(("carry", "other", "right"), [("dc_next", "dh", "dc"), ("dh_next", "dc", "dh")])
def test_a_carry_that_goes_into_the_other_state_has_the_formula_of_its_own(carry, other, right):
    cell = cell_called("lstm")
    faults = chain_faults(Structure(cell), loss="mse", steps="all", length=2)
    fault = fault_by_name(f"wrong-operand:{carry} in {other}", faults)
    formula = right_formula(fault, structure=Structure(cell), loss="mse", layout="row")
    assert formula.startswith(f"{right} = ")
    assert carry in formula.removeprefix(f"{right} = ").split(" + ")
