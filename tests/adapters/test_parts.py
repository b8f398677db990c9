"""The parts of an adapter: places of parameters, forms of results, definitions of a script."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from gradcheck_rnn.adapters import adapt, attributes, definitions, entries, mapping, negated, updates, values
from gradcheck_rnn.adapters.drawing import drawn, is_free
from gradcheck_rnn.adapters.holders import Holder

ONE, TWO = np.ones((2, 3)), np.full((2, 3), 2.0)


def test_parameters_may_be_attributes_of_attributes():
    net = SimpleNamespace(cell=SimpleNamespace(W=ONE.copy()), V=TWO.copy())
    holder = Holder(net, ["cell.W", "V"])
    holder.fill({"cell.W": TWO, "V": ONE})
    assert (net.cell.W == 2).all()
    net.V += 1
    assert (ONE == 1).all()
    assert holder.values()["V"].tolist() == (ONE + 1).tolist()


def test_a_parameter_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(LookupError, match=r"there is no U in the SimpleNamespace; there are W, V"):
        Holder(SimpleNamespace(W=ONE, V=ONE, rate=0.1), ["U"])


def test_a_dict_may_hold_them_under_any_name():
    home = {"cell.W": ONE.copy()}
    loss, gradients, parameters = adapt(
        home, ["cell.W"], loss=lambda _: [[home["cell.W"].sum()]], gradients=lambda _: {"dcell.W": ONE}
    )
    drawn = parameters(np.random.default_rng(0))
    assert loss({"cell.W": TWO}, None) == 12.0
    assert gradients(drawn, None) == {"cell.W": ONE}


def test_with_shapes_parameters_are_drawn_and_the_home_need_not_have_them():
    home = SimpleNamespace()
    loss, _, parameters = adapt(home, {"W": (2, 3)}, loss=lambda _: home.W.sum(), gradients=lambda _: {})
    drawn = parameters(np.random.default_rng(0))
    assert drawn["W"].shape == (2, 3)
    assert loss({"W": ONE}, None) == 6.0


def test_code_that_draws_draws_alike_at_every_call():
    home = SimpleNamespace(W=ONE.copy())
    loss, _, _ = adapt(home, ["W"], loss=lambda _: np.random.rand(), gradients=lambda _: {})
    assert loss({"W": ONE}, None) == loss({"W": ONE}, None)


def test_results_are_read_in_each_form():
    holder = Holder(SimpleNamespace(W=ONE.copy()), ["W"])
    before = {"W": TWO}
    assert values(None, "W")([0.5, ONE], holder, before) == {"W": ONE}
    assert mapping("grad_")({"grad_W": ONE}, holder, before) == {"W": ONE}
    assert attributes(SimpleNamespace(W_diff=ONE), "", "_diff")(None, holder, before) == {"W": ONE}
    assert updates(0.5)(None, holder, before)["W"].tolist() == (2 * ONE).tolist()
    assert negated(mapping())({"dW": ONE}, holder, before)["W"].tolist() == (-ONE).tolist()


@pytest.mark.parametrize("returned", [[ONE], ONE.sum()])
def test_another_number_of_values_is_refused(returned):
    with pytest.raises(ValueError, match="stands for 2 values"):
        values(None, "W")(returned, Holder({"W": ONE}, ["W"]), {})


def test_a_dict_with_other_keys_is_refused_with_those_it_has():
    with pytest.raises(
        ValueError, match=r"mapping\(prefix='d', .*\) stands for a dict of dW; .* returned a dict of W, V$"
    ):
        mapping()({"W": ONE, "V": ONE}, Holder({"W": ONE}, ["W"]), {})
    with pytest.raises(ValueError, match=r"a dict of dW; .* returned a tuple$"):
        mapping()((ONE,), Holder({"W": ONE}, ["W"]), {})


SCRIPT = """
import math
import no_such_module
from no_such_module import trainer

RATE, NAMES = -0.1, ["a", "b"]
text = open("no_such_file").read()
size = len(text)
twice = 2 * size
weights = [math.sqrt(4.0)]


def half(x):
    return x / 2


class Net:
    depth: int = 3


for i in range(3):
    raise SystemExit("the script is run")
"""


def test_only_definitions_of_a_script_are_run(tmp_path, monkeypatch):
    (tmp_path / "train.py").write_text(SCRIPT)
    monkeypatch.syspath_prepend(tmp_path)
    module = definitions("train.py", keep=["weights"], stubs=["no_such_module"])
    assert (module.half(4), module.Net.depth, module.RATE, module.NAMES) == (2, 3, -0.1, ["a", "b"])
    assert module.weights == [2.0]
    assert not sys.modules["no_such_module"].is_tensor(module.weights)
    assert not {"text", "size", "twice"} & vars(module).keys()


def test_without_a_stub_a_module_that_is_missing_is_an_error(tmp_path):
    (tmp_path / "train.py").write_text("import no_such_module_either\n")
    with pytest.raises(ModuleNotFoundError):
        definitions(tmp_path / "train.py")


class Restless:
    """A net whose calls leave traces: a state that is carried over, and an accumulator that is never zeroed."""

    def __init__(self):
        self.W, self.state, self.dW = np.ones(2), np.zeros(2), np.zeros(2)

    def loss(self):
        self.state = self.state + self.W
        return self.state.sum()

    def back(self):
        self.dW += 1
        self.late = True


def test_state_that_calls_change_is_put_back_before_each():
    net = Restless()
    loss, gradients, parameters = adapt(
        net, ["W"], loss=lambda _: net.loss(), gradients=lambda _: net.back(), result=attributes(net), restoring=[net]
    )
    drawn = parameters(np.random.default_rng(0))
    assert [loss(drawn, None), loss(drawn, None)] == [2.0, 2.0]
    assert [gradients(drawn, None)["W"].tolist() for _ in range(2)] == [[1.0, 1.0]] * 2
    loss(drawn, None)
    assert not hasattr(net, "late")


def test_a_list_of_parameters_is_written_to_where_other_names_may_stand_for_its_entries():
    W = np.zeros((2, 3))
    kept = [W, 1]
    named = entries(kept, "W", "b")
    named["W"], named["b"] = ONE, np.ones(2)
    assert (W == 1).all()
    assert kept[1].tolist() == [1, 1]
    assert list(named) == ["W", "b"]


def test_a_list_with_another_number_of_entries_than_names_is_refused():
    with pytest.raises(LookupError, match="there are 1 entries, and 2 names for them: W, b"):
        entries([ONE], "W", "b")


def test_lengths_are_numbers_or_sizes_of_the_configuration():
    sizes = SimpleNamespace(input_size=3, hidden_size=2, output_size=4, length=5, batch_size=None)
    shapes = {"W": ("I", "4H"), "h0": ("B", 2), "x": ("T", "I")}
    values = drawn(np.random.default_rng(0), shapes, sizes)
    assert {name: value.shape for name, value in values.items()} == {"W": (3, 8), "h0": (1, 2), "x": (5, 3)}
    assert (is_free({"W": ("I", "4H"), "b": ("H", 1)}), is_free(shapes)) == (True, False)
    with pytest.raises(ValueError, match="no size is called 'K': lengths are numbers, or I, H, O, T, B, as in 4H"):
        drawn(np.random.default_rng(0), {"W": ("K",)}, sizes)
    with pytest.raises(ValueError, match="a shape is yet to be filled in"):
        drawn(np.random.default_rng(0), {"W": ("H", ...)}, sizes)


def test_no_framework_is_imported_unless_its_adapter_is():
    program = "import sys, gradcheck_rnn.adapters, gradcheck_rnn.cli; print({'torch', 'jax'} & sys.modules.keys())"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "set()\n"


def test_definitions_know_their_file_by_its_whole_name_wherever_they_are_loaded_from(tmp_path, monkeypatch):
    """The same code is named alike from within its folder and from elsewhere."""
    (tmp_path / "net.py").write_text("def f(): pass\n")
    monkeypatch.chdir(tmp_path)
    assert definitions("net.py").f.__code__.co_filename == str(tmp_path / "net.py")
