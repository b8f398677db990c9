"""Rules over several keys: combinations of good values that make no sense together."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gradcheck_rnn.cells.catalogue import CUSTOM, cell_called
from gradcheck_rnn.cells.structure import Structure
from gradcheck_rnn.config.keys import KEYS, SECTIONS
from gradcheck_rnn.config.places import clip
from gradcheck_rnn.config.settings import LEARNED
from gradcheck_rnn.config.suggest import closest
from gradcheck_rnn.config.variants import variant_of
from gradcheck_rnn.errors import Location, Mistake
from gradcheck_rnn.faults.library import is_fault_name, names_for

Values = Mapping[str, Any]  # good values by dotted path, defaults filled in; a key whose value is bad is absent
Broken = tuple[str, str, str]  # the key to point at, message, help


def complex_step_needs_a_smooth_cell(values: Values) -> Broken | None:
    """Re(z) > 0 has no complex derivative, so relu gives the complex step nothing to differentiate."""
    if values.get("check.method") != "complex_step" or values.get("model.cell") != "relu":
        return None
    message = "`complex_step` cannot differentiate a `relu` cell, which is not complex differentiable"
    return "check.method", message, "take `richardson`, or leave `method` at `auto`"


def complex_step_needs_the_described_loss(values: Values) -> Broken | None:
    """User code rounds complex arguments to real ones, or raises."""
    if values.get("check.method") != "complex_step" or values.get("check.loss") != "user":
        return None
    message = "`complex_step` cannot difference the user's loss, which takes real parameters only"
    return "check.method", message, "take `richardson`, or set `check.loss` to `described`"


def directions_take_real_steps(values: Values) -> Broken | None:
    """Whole losses are differenced along a direction, which many entries share."""
    if values.get("check.method") != "complex_step" or values.get("check.entries") != "screen":
        return None
    message = "`complex_step` looks at entries one by one, `entries: screen` along directions"
    return "check.method", message, "leave `method` at `auto`, or take `entries: all`"


def user_loss_needs_an_adapter(values: Values) -> Broken | None:
    """The reference backward pass comes without user code."""
    if values.get("check.loss") != "user" or "backward.adapter" not in values or values["backward.adapter"]:
        return None
    message = "there is no user's loss to difference: `backward` is `reference`"
    return "check.loss", message, "name the user's code by `backward: {adapter: FILE}`, or set `check.loss` to `auto`"


def custom_cells_need_an_adapter(values: Values) -> Broken | None:
    """There are no equations to differentiate, and no loss but the user's own."""
    if values.get("model.cell") != CUSTOM:
        return None
    if "backward.adapter" in values and not values["backward.adapter"]:
        mending = "name your code by `backward: {adapter: FILE}`, with `loss`, `gradients` and `parameters`"
        return "model.cell", "a `custom` cell has no reference to check", mending
    if values.get("check.loss") == "described":
        return "check.loss", "a `custom` cell has no described loss", "leave `loss` at `auto`, which takes your own"
    if values.get("check.method") == "complex_step":
        message = "`complex_step` cannot difference the loss of a `custom` cell, which takes real parameters only"
        return "check.method", message, "leave `method` at `auto`"
    return None


def distinct_tokens_must_suffice(values: Values) -> Broken | None:
    """Each step takes a token of its own out of I."""
    length, size = values.get("sequence.length"), values.get("model.input_size")
    if values.get("sequence.inputs") != "distinct_tokens" or length is None or size is None or length <= size:
        return None
    message = f"`distinct_tokens` needs a token for each of {clip(str(length))} steps, `input_size` is {size}"
    return "sequence.inputs", message, f"lower `length` to {size}, raise `input_size`, or take `tokens`"


def number_of_states(values: Values) -> int | None:
    """Number of states at a step that outputs are read from, None where a value that it depends on is bad."""
    hidden, both = values.get("model.hidden_size"), values.get("model.bidirectional")
    return None if hidden is None or both is None else hidden * (2 if both else 1)


def states_have_their_own_size(values: Values) -> Broken | None:
    """Without an output layer y is h."""
    states, size = number_of_states(values), values.get("model.output_size")
    if values.get("model.outputs") != "states" or None in (states, size) or size == states:
        return None
    message = f"the outputs are the states, which have {states} entries, not {size}"
    return "model.output_size", message, "leave `output_size` out, or take `outputs: layer`"


def only_tokens_have_vectors(values: Values) -> Broken | None:
    """Dense inputs are vectors already."""
    if values.get("model.embedding_size") is None or values.get("sequence.inputs") != "dense":
        return None
    message = "`embedding_size` is about the vectors of tokens, and the inputs are dense"
    return "model.embedding_size", message, "remove it, or take `inputs: tokens`"


def a_bias_in_the_product_needs_the_reset_after_it(values: Values) -> Broken | None:
    """Before it, the two biases are one."""
    if not values.get("model.gru.recurrent_bias") or values.get("model.gru.reset") in (None, "after"):
        return None
    message = "with `reset: before`, b_hn would be added to b_n: the two are one"
    return "model.gru.recurrent_bias", message, "remove it, or take `reset: after`"


def tokens_have_no_gradient(values: Values) -> Broken | None:
    """A token is a whole number."""
    if not values.get("sequence.input_gradient") or values.get("sequence.inputs") in (None, "dense"):
        return None
    message = "tokens have no gradient: `input_gradient` needs dense inputs"
    return "sequence.input_gradient", message, "take `inputs: dense`"


def softmax_needs_two_classes(values: Values) -> Broken | None:
    """The softmax of a single logit is 1, and its cross-entropy 0, whatever the net does."""
    if values.get("loss.kind") != "softmax_cross_entropy" or values.get("model.output_size") != 1:
        return None
    message = "a softmax over one class is constant: its loss has no gradient to check"
    return "model.output_size", message, "raise `output_size`, or take `loss: {kind: mse}`"


def one_backward_pass(values: Values) -> Broken | None:
    """A fault is put into the reference; the user's code has its own."""
    if not values.get("backward.adapter") or not values.get("backward.fault"):
        return None
    message = "a fault can be put into the reference only, not into the code behind `adapter`"
    return "backward.fault", message, "remove one of the two keys"


def fault_must_fit_the_net(values: Values) -> Broken | None:
    """The derivative's name depends on the cell, some faults on the loss, on the parameters or on the batch."""
    name = values.get("backward.fault")
    keys = ("model.cell", "loss.kind", "loss.steps", "model.initial_state", "model.biases", "model.outputs")
    if not name or any(values.get(key) is None for key in keys):
        return None
    cell, loss, steps, state, biases, outputs = (values[key] for key in keys)
    names = names_for(
        Structure(
            cell_called(cell, variant_of(lambda path: values.get(path, KEYS[path].default))),
            values.get("model.layers", 1),
            values.get("model.bidirectional", False),
            values.get("model.embedding_size") is not None,
        ),
        loss=loss,
        steps=steps,
        biases=biases,
        learned=state in LEARNED,
        outputs=outputs == "layer",
        inputs=bool(values.get("sequence.input_gradient")),
        batched=values.get("sequence.batch_size") is not None,
    )
    if name in names or not is_fault_name(name) or name.startswith("truncated-chain:"):
        return None
    meant = closest(name, names)
    mending = f"did you mean `{meant}`?" if meant else "`gradcheck-rnn demo --list` says what each fault needs"
    return "backward.fault", f"the fault `{name}` cannot happen to this net", mending


def cells_have_keys_of_their_own(values: Values) -> Broken | None:
    """What varies between cells of one kind is no key of another."""
    cell = values.get("model.cell")
    for section in (section for section in SECTIONS.values() if cell and section.cell not in (None, cell)):
        keys = [key for key in KEYS.values() if key.section == section.path]
        if wrong := next((key for key in keys if values.get(key.path, key.default) != key.default), None):
            message = f"`{wrong.name}` is a key of the cell `{section.cell}`, the cell is `{cell}`"
            return wrong.path, message, f"remove it, or take `cell: {section.cell}`"
    return None


RULES: tuple[Callable[[Values], Broken | None], ...] = (
    custom_cells_need_an_adapter,
    complex_step_needs_a_smooth_cell,
    complex_step_needs_the_described_loss,
    directions_take_real_steps,
    user_loss_needs_an_adapter,
    distinct_tokens_must_suffice,
    states_have_their_own_size,
    only_tokens_have_vectors,
    a_bias_in_the_product_needs_the_reset_after_it,
    tokens_have_no_gradient,
    softmax_needs_two_classes,
    cells_have_keys_of_their_own,
    one_backward_pass,
    fault_must_fit_the_net,
)


def broken_rules(values: Values, places: Mapping[str, Location]) -> Iterator[Mistake]:
    """Each rule that is broken, at the key that breaks it."""
    for rule in RULES:
        if broken := rule(values):
            key, message, mending = broken
            yield Mistake(message, mending, places.get(key))
