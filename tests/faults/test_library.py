"""The library of faults: names that others rely on, which net may have which, and faults found by their names."""

import itertools
from pathlib import Path

import pytest

import gradcheck_rnn.explain
from gradcheck_rnn.cells.catalogue import cell_called
from gradcheck_rnn.cells.structure import Structure
from gradcheck_rnn.errors import UsageError
from gradcheck_rnn.faults.elman import named_constant, parameter_faults, stream_faults, windows
from gradcheck_rnn.faults.fault import Damage
from gradcheck_rnn.faults.library import fault_by_name, fault_names, is_fault_name, known_faults, names_for
from tests.faults.planted import faults_of
from tests.model.problems import document, problem_of, settings_of

CELLS = ("tanh", "relu", "sigmoid")
# names are an interface: configurations and reports hold them
OF_THE_CHAIN = {
    *("missing-term:dh_next", "missing-term:W_hh", "missing-term:W_hy", "missing-term:dy"),
    *("untransposed-weight:W_hh", "untransposed-weight:W_hy", "wrong-operand:W_hh", "bypassed-activation:dh_next"),
    *("sign-flip:dh_next", "double-counted-term:dh_next", "clipped-gradient:dh_next", "overwritten-carry:dh"),
    *("forward-order-loop:loop", "skipped-step:first", "skipped-step:last", "wrapped-index:t", "stale-cache:cache"),
    *("missing-target:dy", "sign-flip:target", "wrong-activation-derivative:dy", "wrong-time-index:dy"),
}
OF_A_CELL = {
    *("missing-activation-derivative:{}'", "missing-activation-derivative:{}' of dh_next"),
    "missing-activation-derivative:{}' of dy",
    *("wrong-activation-derivative:{}'", "wrong-time-index:{}'"),
}
OF_THE_SOFTMAX = {"diagonal-softmax:dy", "missing-activation-derivative:softmax'", "double-counted-term:softmax'"}
OF_THE_LAST_STEP = {"error-at-every-step:dy"}
OF_EVERY_PARAMETER = {"missing-gradient", "sign-flip", "scaled-gradient", "clipped-gradient", "regulariser-mismatch"}
OF_EVERY_SUM = {"overwritten-accumulator", "skipped-step", "double-counted-term", "wrong-time-index"}
OF_EVERY_HIDDEN_SUM = {"missing-activation-derivative:{}", "missing-term:dh_next in {}", "wrong-operand:{}"}
OF_OPERANDS = {
    *("missing-initial-state:h[t-1]", "wrapped-index:h[t-1]", "wrong-time-index:h[t-1]", "stale-cache:h[t-1]"),
    *("wrong-time-index:h[t]", "stale-cache:h[t]", "wrong-time-index:x[t]", "stale-cache:x[t]", "wrong-operand:W_hy"),
    "wrong-operand:b_y",
}
OF_THE_WHOLE = {"sign-flip:all", "scaled-gradient:T", "scaled-gradient:1/T", "scaled-gradient:2"}
OF_A_BATCH = {"scaled-gradient:B", "scaled-gradient:1/B"}
OF_A_LEARNED_STATE = {
    "missing-term:W_hh in h0",
    "missing-activation-derivative:h0",
    *(f"{kind}:h0" for kind in OF_EVERY_PARAMETER),
}
CUTS = (Damage.WINDOW, Damage.CHUNKS, Damage.CHUNKS_FROM_END, Damage.LAST_STEPS)
SUMMED = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")


def names_of(cell: str, *, loss: str, steps: str, learned: bool, batched: bool) -> set[str]:
    """What the sets above say that such a net may have."""
    names = OF_THE_CHAIN | {name.format(cell) for name in OF_A_CELL} | OF_OPERANDS | OF_THE_WHOLE
    names |= {f"{kind}:{parameter}" for kind in OF_EVERY_PARAMETER | OF_EVERY_SUM for parameter in SUMMED}
    names |= {f"transposed-gradient:{weight}" for weight in ("W_xh", "W_hh", "W_hy")}
    names |= {name.format(parameter) for name in OF_EVERY_HIDDEN_SUM for parameter in ("W_xh", "W_hh", "b_h")}
    names |= OF_THE_SOFTMAX if loss == "softmax_cross_entropy" else set()
    names |= OF_THE_LAST_STEP if steps == "last" else set()
    names |= OF_A_LEARNED_STATE if learned else set()
    return names | (OF_A_BATCH if batched else set())


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("steps", ["all", "last"])
@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "mse"])
@pytest.mark.parametrize("cell", CELLS)
def test_a_net_may_have_the_faults_that_its_description_allows(cell, loss, steps, learned):
    facts = {"loss": loss, "steps": steps, "learned": learned, "batched": learned}
    names = names_for(Structure(cell_called(cell)), biases=True, outputs=True, inputs=False, **facts)
    assert set(names) == names_of(cell, **facts)


def test_without_an_output_layer_it_has_no_faults():
    facts = {"loss": "projection", "steps": "all", "biases": True, "learned": False, "inputs": True, "batched": False}
    without, names = (set(names_for(Structure(cell_called("tanh")), outputs=each, **facts)) for each in (False, True))
    assert {name.rpartition(":")[2].rpartition(" in ")[2] for name in names - without} == {"W_hy", "b_y", "h[t]"}
    assert not any("W_hy" in name for name in without)
    assert {"missing-term:dz in dx", "wrong-time-index:dz in dx", "missing-gradient:x"} <= without


@pytest.mark.parametrize("bias", ["b_h", "b_y"])
def test_a_bias_has_no_outer_product_that_could_stand_the_wrong_way_round(bias):
    assert f"transposed-gradient:{bias}" not in fault_names()


def test_the_names_of_all_nets_are_those_of_every_single_one():
    facts = itertools.product(CELLS, ("softmax_cross_entropy", "mse", "projection"), ("all", "last"))
    all_parameters = {"biases": True, "learned": True, "outputs": True, "inputs": True}
    every = [
        names_for(Structure(cell_called(cell)), loss=loss, steps=steps, batched=True, **all_parameters)
        for cell, loss, steps in facts
    ]
    assert set(fault_names()) == set().union(*every)
    assert len(set(fault_names())) == len(fault_names())


def test_every_kind_of_fault_has_a_page():
    pages = {page.stem for page in (Path(gradcheck_rnn.explain.__file__).parent / "pages").glob("*.md")}
    kinds = {name.partition(":")[0] for name in fault_names()} | {fault.kind for fault in windows(4)}
    assert kinds <= pages


@pytest.mark.parametrize("name", ["missing-term:dh_next", "truncated-chain:0", "truncated-chain:4", "sign-flip:all"])
def test_is_the_name_of_a_fault(name):
    assert is_fault_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", ":", "missing-term", "missing-term:", "missing-term:dh", ":dh_next", "Missing-term:dh_next"),
        *("truncated-chain", "truncated-chain:", "truncated-chain:-1", "truncated-chain:1.5"),
        *("truncated-chain:two", "truncated-chain: 2", "truncated-chain:²", "truncated-chain:٣"),
    ],
)
def test_is_not_the_name_of_a_fault(name):
    assert not is_fault_name(name)


@pytest.mark.parametrize("cell", CELLS)
def test_every_name_finds_a_fault_of_that_name(cell):
    net = problem_of(document(0, cell=cell, biases=True, batch_size=2, initial_state="learned")).net
    faults = faults_of(net)
    assert [fault_by_name(fault.name, faults).name for fault in faults] == [fault.name for fault in faults]


def test_a_window_may_be_of_any_length():
    fault = fault_by_name("truncated-chain:37", ())
    assert (fault.name, fault.damage, fault.amount) == ("truncated-chain:37", Damage.WINDOW, 37)


@pytest.mark.parametrize(
    ("length", "lags", "chunks", "covered"),
    [(1, set(), set(), set()), (2, set(), set(), {0}), (3, {1}, {2}, {0, 1}), (5, {1, 2, 3}, {2, 3, 4}, {0, 1, 2, 3})],
)
def test_windows_are_those_that_cut_something(length, lags, chunks, covered):
    """T steps have lags up to T - 1: a window of T - 1 is whole, and so are a chunk and a loop of T steps."""
    amounts = {damage: {fault.amount for fault in windows(length) if fault.damage is damage} for damage in CUTS}
    assert amounts == {
        Damage.WINDOW: lags,
        Damage.CHUNKS: chunks,
        Damage.CHUNKS_FROM_END: chunks,
        Damage.LAST_STEPS: covered,
    }


def test_windows_go_by_names_that_a_configuration_takes():
    assert {fault.name for fault in windows(6) if not is_fault_name(fault.name)} == set()


@pytest.mark.parametrize(
    ("constant", "name"),
    [
        *((-1, "sign-flip:all"), (-1.0, "sign-flip:all"), ("T", "scaled-gradient:T"), ("1/B", "scaled-gradient:1/B")),
        *((0.25, "scaled-gradient:0.25"), (-3.0, "scaled-gradient:-3"), (1 / 3, "scaled-gradient:0.333333")),
    ],
)
def test_a_constant_goes_by_its_name_or_its_value(constant, name):
    assert named_constant(constant).name == name


def test_faults_of_a_parameter_say_which_and_faults_of_the_chain_say_none():
    own = parameter_faults()
    assert {name: {fault.parameter for fault in faults} for name, faults in own.items()} == {
        name: {name} for name in own
    }
    streams = [fault for cell in CELLS for fault in stream_faults(cell, "mse", "last")]
    assert {fault.parameter for fault in (*streams, *windows(5))} == {None}


def test_only_parameters_of_the_net_have_faults_of_their_own():
    faults = known_faults(
        Structure(cell_called("tanh")),
        length=4,
        loss="mse",
        steps="all",
        batched=False,
        parameters=("W_xh", "W_hh", "W_hy"),
    )
    assert {fault.parameter for fault in faults} == {None, "W_xh", "W_hh", "W_hy"}


def test_no_two_faults_of_a_net_are_the_same():
    net = problem_of(document(0, biases=True, batch_size=2, initial_state="learned", steps="last")).net
    assert len(set(faults_of(net))) == len(faults_of(net))


def test_every_fault_says_what_is_wrong_in_a_sentence_of_its_own_case():
    """It becomes a finding's message: lower case, no full stop, one line."""
    net = problem_of(document(0, biases=True, batch_size=2, initial_state="learned", steps="last")).net
    for fault in faults_of(net):
        assert fault.says
        assert not fault.says.endswith(".")
        assert "\n" not in fault.says
        assert fault.says[0].islower() or fault.says.startswith("d")


def test_a_net_without_biases_cannot_be_given_a_fault_of_a_bias():
    drawn = document(0, biases=False) | {"backward": {"fault": "missing-gradient:b_h"}}
    with pytest.raises(UsageError):
        settings_of(drawn)
