"""The reference with a fault in it against two programs of another style in which the same mistake is made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gradcheck_rnn.faults.elman import named_constant
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.taps import short_loop_fault, window_fault
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.model.reference import reference_gradients
from tests.faults.planted import (
    ACCUMULATED,
    MAPPED,
    PARAMETERS,
    WHERE_ADDED,
    Variant,
    counterpart,
    faults_of,
    found,
)
from tests.model.problems import document, exact_gradients, problem_of
from tests.oracle import broken, elman
from tests.oracle.problems import Document, spec_of
from tests.thinned import thinned

# bugs are planted in the first of these that shows them, and in as many as this
POINTS = range(60)
SHOWN = 2
BOUNDS = (Damage.CLIP, Damage.CLIP_NORM, Damage.BOUND, Damage.BOUND_NORM)
# rounding of sums in another order, as a share of the larger of the wrong and the right gradient
ROUNDING = 1e-12

Gradients = Mapping[str, np.ndarray]


@cache
def point(seed: int) -> tuple[Document, Problem]:
    """Small nets of all kinds, half of them as wide as their inputs or outputs, so that square faults fit."""
    sizes = [{}, {"input_size": 3, "hidden_size": 3}, {"output_size": 4, "hidden_size": 4}, {"hidden_size": 2}][
        seed % 4
    ]
    drawn = document(seed, **({"min_length": 4, "min_hidden_size": 2} | sizes))
    return drawn, problem_of(drawn)


def norm(value: np.ndarray) -> float:
    return float(np.linalg.norm(value))


def assert_same(found: Gradients, expected: Gradients, right: Gradients) -> None:
    whole = max(norm(value) for value in right.values())
    for name, value in expected.items():
        scale = max(norm(value), norm(right[name]), 1e-3 * whole)
        assert norm(found[name] - value) <= ROUNDING * scale, name


def changed(faults: Sequence[Fault], problem: Problem) -> set[str]:
    """Parameters whose gradients the faults change by more than rounding does."""
    right, wrong = reference_gradients(problem), reference_gradients(problem, faults)
    return {name for name, value in right.items() if norm(wrong[name] - value) > ROUNDING * norm(value)}


@pytest.mark.parametrize("bug", thinned(MAPPED, every=2), ids=lambda bug: bug.identifier)
def test_a_fault_gives_the_gradient_of_a_program_with_that_mistake_in_its_text(bug):
    shown = 0
    for seed in (start + len(bug.identifier) for start in POINTS):
        drawn, problem = point(seed % len(POINTS))
        spec = spec_of(drawn)
        if not broken.shows(bug, spec, problem.parameters, problem.batch):
            continue
        if (fault := counterpart(bug, problem.net)) is None:
            continue
        expected = broken.gradients(spec, problem.parameters, problem.batch, [bug])
        assert_same(reference_gradients(problem, [fault]), expected, reference_gradients(problem))
        shown += 1
        if shown == SHOWN:
            return
    pytest.fail("the oracle shows this bug at too few points: nothing was compared")


@pytest.mark.parametrize("identifier", WHERE_ADDED)
def test_a_carry_that_goes_wrong_where_it_is_added_leaves_the_gradient_of_a_learned_state_its_own_carry(identifier):
    drawn = document(7, initial_state="learned", length=6, steps="all", min_hidden_size=2)
    problem, bug = problem_of(drawn), broken.BY_IDENTIFIER[identifier]
    fault = found(faults_of(problem.net), WHERE_ADDED[identifier], f"{bug.kind}:{bug.term}")
    expected = broken.gradients(spec_of(drawn), problem.parameters, problem.batch, [bug])
    assert_same(reference_gradients(problem, [fault]), expected, expected)


def test_a_loop_over_the_last_steps_returns_its_last_carry_as_the_gradient_of_a_learned_state():
    drawn = document(7, initial_state="learned", length=6, steps="all", min_hidden_size=2)
    problem, cut = problem_of(drawn), short_loop_fault(2, "loop")
    bug = broken.BY_IDENTIFIER["truncated-chain:2/last steps of the sequence alone"]
    expected = broken.gradients(spec_of(drawn), problem.parameters, problem.batch, [bug])
    assert_same(reference_gradients(problem, [cut]), expected, expected)


LOOSE = {
    "missing_carry": ("missing-term:dh_next", Variant(Damage.DROP)),
    "untransposed_carry": ("untransposed-weight:W_hh", Variant(Damage.UNTRANSPOSE)),
    "missing_activation_derivative": ("missing-activation-derivative:{cell}'", Variant(Damage.DROP)),
    "time_index": ("wrong-time-index:h[t-1]", Variant(Damage.SHIFT_CLAMPED, amount=1)),
    "missing_target": ("missing-target:dy", Variant(Damage.NO_TARGET)),
    **{
        f"overwritten_accumulator:{name}": (f"overwritten-accumulator:{name}", Variant(Damage.KEEP_LAST_VISITED))
        for name in ACCUMULATED
    },
}


def of_first_oracle(name: str, problem: Problem) -> Fault:
    """The library's fault for one of the first oracle's."""
    if name.startswith("truncation:"):
        return window_fault(int(name.partition(":")[2]))
    if name in ("factor_T", "sign"):
        return named_constant("T" if name == "factor_T" else -1.0)
    if name == "wrong_activation_derivative":
        other = "f" if problem.net.cell == "relu" else "f'(f(z))"
        variant = Variant(Damage.OTHER_SLOPE, other=other)
        return found(faults_of(problem.net), variant, f"wrong-activation-derivative:{problem.net.cell}'")
    term, variant = LOOSE[name]
    return found(faults_of(problem.net), variant, term.format(cell=problem.net.cell))


@pytest.mark.parametrize("name", [name for name in elman.FAULTS if name != "none"])
def test_a_fault_gives_the_gradient_of_the_first_oracle_with_that_fault(name):
    for drawn, problem in map(point, range(20)):
        parameter = name.partition(":")[2]
        if parameter in PARAMETERS and parameter not in problem.parameters:
            continue
        if name == "missing_carry" and problem.net.learned:  # it is never added: see above
            continue
        expected = elman.gradients(spec_of(drawn), problem.parameters, problem.batch, name)
        fault = of_first_oracle(name, problem)
        assert_same(reference_gradients(problem, [fault]), expected, reference_gradients(problem))


def test_without_faults_the_gradient_is_the_complex_step_of_the_oracle():
    for drawn, problem in map(point, range(24)):
        exact = exact_gradients(drawn, problem)
        assert_same(reference_gradients(problem, []), exact, exact)


def test_two_faults_give_the_gradient_of_a_program_with_both_mistakes():
    compared = 0
    for seed in POINTS[::2]:
        drawn, problem = point(seed)
        spec, rng = spec_of(drawn), np.random.default_rng(seed)
        for pair in rng.permutation(len(MAPPED))[: 2 * 5].reshape(-1, 2):
            bugs = [MAPPED[i] for i in pair]
            if not broken.both_show(bugs, spec, problem.parameters, problem.batch):
                continue
            faults = [fault for bug in bugs if (fault := counterpart(bug, problem.net)) is not None]
            if len(faults) == len(bugs) and are_apart(*faults):
                expected = broken.gradients(spec, problem.parameters, problem.batch, bugs)
                assert_same(reference_gradients(problem, faults), expected, expected)
                compared += 1
    assert compared > 30


def are_apart(one: Fault, other: Fault) -> bool:
    """Whether the two mistakes are made at different factors, so that it does not matter which comes first."""
    finished = {Damage.SCALE, Damage.REGULARISE, *BOUNDS}
    return not (
        set(one.taps) & set(other.taps)
        or {one.damage, other.damage} <= finished
        or is_entangled(one)
        or is_entangled(other)
    )


ENTANGLED = (Damage.CLIP, Damage.CLIP_NORM, Damage.ACCUMULATE, Damage.GRADIENT, Damage.LAST_STEPS)


def is_entangled(fault: Fault) -> bool:
    """Whether a program with another mistake could be read in two ways: which carry is it that is clipped or used?"""
    return (
        fault.damage in ENTANGLED
        or fault.other in ("dh_next", "dh", "dz", "dh through W_hh")
        or fault.taps == ("dy in dh",)
        or "loop" in fault.taps
    )


def loop_as_in_life(
    problem: Problem,
    visits: Sequence[int],
    output_visits: Sequence[int] | None = None,
    *,
    slope: Callable[[np.ndarray, np.ndarray], np.ndarray] = lambda h, _z: 1.0 - h**2,
    own: float = 1.0,
    kept: slice = slice(None),
) -> Gradients:
    """A loop that adds up as it goes, for row layout without a batch.

    `own` is what the step's own error is multiplied by in dh; only the `kept` contributions are summed.
    """
    W_xh, W_hh, b_h, W_hy, b_y = (problem.parameters[name] for name in ACCUMULATED)
    x, targets, state = problem.batch.inputs, problem.batch.targets, problem.batch.initial_state["h"]
    f, z, h = {"tanh": np.tanh, "relu": lambda a: np.maximum(a, 0.0)}[problem.net.cell], [], [state]
    for row in x:
        z.append(row @ W_xh + h[-1] @ W_hh + b_h)
        h.append(f(z[-1]))
    dy = np.array(h[1:]) @ W_hy + b_y - targets
    sums, dh_next = {name: [] for name in ACCUMULATED}, np.zeros_like(state)
    for t in visits:
        dz = (own * dy[t] @ W_hy.T + dh_next) * slope(h[t + 1], z[t])
        dh_next = dz @ W_hh.T
        for name, value in (("W_xh", np.outer(x[t], dz)), ("W_hh", np.outer(h[t], dz)), ("b_h", dz)):
            sums[name].append(value)
    for t in output_visits or range(len(x)):
        sums["W_hy"].append(np.outer(h[t + 1], dy[t]))
        sums["b_y"].append(dy[t])
    return {name: np.sum(values[kept], axis=0) for name, values in sums.items()}


def plain(cell: str) -> Problem:
    fixed = {"kind": "mse", "reduction": "sum", "steps": "all", "batch_size": None, "initial_state": "zeros"}
    return problem_of(document(7, cell=cell, layout="row", biases=True, length=5, hidden_size=4, **fixed))


def the(problem: Problem, name: str, **fields: object) -> Fault:
    """The one fault of that name with these fields."""
    (fault,) = (
        fault
        for fault in faults_of(problem.net)
        if fault.name == name and all(getattr(fault, field) == value for field, value in fields.items())
    )
    return fault


def test_a_loop_that_runs_one_step_too_far_visits_the_last_step_once_more():
    problem, visits = plain("tanh"), [4, 3, 2, 1, 0, 4]
    right = reference_gradients(problem)
    hidden = the(problem, "wrapped-index:t", taps=("loop",))
    assert_same(reference_gradients(problem, [hidden]), loop_as_in_life(problem, visits), right)
    everything = the(problem, "wrapped-index:t", taps=("loop", "output loop"))
    assert_same(reference_gradients(problem, [everything]), loop_as_in_life(problem, visits, visits), right)


def test_an_accumulator_assigned_before_the_loop_ends_keeps_the_step_visited_first():
    problem, visits = plain("tanh"), [4, 3, 2, 1, 0]
    faults = [the(problem, f"overwritten-accumulator:{name}", damage=Damage.KEEP_FIRST_VISITED) for name in ACCUMULATED]
    expected = loop_as_in_life(problem, visits, visits, kept=slice(1))
    assert_same(reference_gradients(problem, faults), expected, reference_gradients(problem))


def test_a_relu_whose_own_pre_activation_is_taken_for_its_derivative():
    problem = plain("relu")
    fault = the(problem, "wrong-activation-derivative:relu'", other="z")
    expected = loop_as_in_life(problem, [4, 3, 2, 1, 0], slope=lambda _h, z: z)
    assert_same(reference_gradients(problem, [fault]), expected, reference_gradients(problem))


def test_without_the_steps_own_errors_no_hidden_parameter_has_a_gradient():
    problem, visits = plain("tanh"), [4, 3, 2, 1, 0]
    wrong = reference_gradients(problem, [the(problem, "missing-term:dy")])
    assert_same(wrong, loop_as_in_life(problem, visits, own=0.0), reference_gradients(problem))
    assert not any(wrong[name].any() for name in ("W_xh", "W_hh", "b_h"))


COMPARED_WITH_THE_LOOP = {
    *(f"overwritten-accumulator:{name} KEEP_FIRST_VISITED" for name in ACCUMULATED),
    "wrapped-index:t ONE_TOO_FAR",
    "missing-term:dy DROP",
}
# a bias' sum over all steps does not care where it begins
WITHOUT_EFFECT = {f"wrong-time-index:{bias} SHIFT_WRAPPED" for bias in ("b_h", "b_y")}
# a state of every step or an input of every step: the last entry is the last step's, which is compared
THE_SAME = {"stale-cache:h[t] STALE_FINAL", "stale-cache:x[t] STALE_FINAL"}


def variety(fault: Fault) -> str:
    return f"{fault.kind if fault.kind == 'truncated-chain' else fault.name} {fault.damage.name}"


def test_every_name_with_every_damage_is_compared_with_a_program_that_has_it():
    compared, known = set(COMPARED_WITH_THE_LOOP), set()
    for drawn, problem in map(point, POINTS):
        known |= {variety(fault) for fault in faults_of(problem.net, length=6)}
        for bug in (bug for bug in MAPPED if broken.fits([bug], spec_of(drawn), problem.parameters)):
            if problem.parameters.keys() & set(bug.touches) and (fault := counterpart(bug, problem.net)):
                compared.add(variety(fault))
    assert known - compared == WITHOUT_EFFECT | THE_SAME


def at_a_low_bound(fault: Fault) -> Fault:
    """A clip at a bound that small gradients reach too."""
    return replace(fault, amount=0.01) if fault.damage in BOUNDS else fault


def test_every_known_fault_changes_the_gradient_of_some_net():
    dead = {fault for _, problem in map(point, POINTS) for fault in faults_of(problem.net, length=6)}
    for _, problem in map(point, POINTS):
        dead -= {
            fault for fault in dead & {*faults_of(problem.net, length=6)} if changed([at_a_low_bound(fault)], problem)
        }
    assert {variety(fault) for fault in dead} == WITHOUT_EFFECT


@pytest.mark.parametrize("seed", range(8))
def test_a_fault_of_one_parameter_leaves_all_others_exactly_as_they_are(seed):
    _, problem = point(seed)
    right = reference_gradients(problem)
    for fault in (fault for fault in faults_of(problem.net) if fault.parameter):
        wrong = reference_gradients(problem, [fault])
        assert [name for name in right if not np.array_equal(wrong[name], right[name])] in ([], [fault.parameter])


@pytest.mark.parametrize("seed", range(8))
def test_faults_of_the_chain_leave_the_outputs_gradients_exactly_as_they_are(seed):
    """What is done to dh and dz cannot reach W_hy and b_y; the output error, both loops and the caches can."""
    _, problem = point(seed)
    right = reference_gradients(problem)
    inner = {"dh_next", "h'", "loop", "chain", "dy", "W_hh in dh_next", "W_hy in dh", "dz in dh_next", "dy in dh"}
    for fault in (fault for fault in faults_of(problem.net) if set(fault.taps) <= inner):
        wrong = reference_gradients(problem, [fault])
        assert [name for name in ("W_hy", "b_y") if not np.array_equal(wrong.get(name), right.get(name))] == []


@pytest.mark.parametrize("seed", range(8))
def test_a_wrong_gradient_is_finite_and_has_the_shapes_of_the_parameters(seed):
    _, problem = point(seed)
    for fault in faults_of(problem.net):
        wrong = reference_gradients(problem, [fault])
        assert {name: value.shape for name, value in wrong.items()} == dict(problem.net.shapes)
        assert all(np.isfinite(value).all() for value in wrong.values()), fault


def test_faults_write_to_no_array_of_the_problem():
    _, problem = point(0)
    before = {name: value.copy() for name, value in problem.parameters.items()}
    for value in (*problem.parameters.values(), problem.batch.inputs, problem.batch.targets):
        value.setflags(write=False)
    for fault in faults_of(problem.net):
        reference_gradients(problem, [fault])
    assert all(np.array_equal(problem.parameters[name], value) for name, value in before.items())
