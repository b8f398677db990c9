"""Configurations of the styles, but for their seed and their adapter; letters in braces stand for sizes."""


def words(*, cell: str = "tanh", outputs: str = "I", layout: str = "column", more: str = "") -> str:
    """A net that reads tokens and says at each step which one follows."""
    return (
        f"model: {{cell: {cell}, input_size: {{I}}, hidden_size: {{H}}, output_size: {{{outputs}}}, layout: {layout}"
        f"{more}}}\nsequence: {{length: {{T}}}}\nloss: {{kind: softmax_cross_entropy, reduction: sum}}"
    )


def series(
    *,
    cell: str = "tanh",
    layout: str = "column",
    loss: str = "kind: mse",
    is_batch: bool = False,
    more: str = "",
) -> str:
    """A net that reads vectors."""
    batch = ", batch_size: {B}" if is_batch else ""
    return (
        f"model: {{cell: {cell}, input_size: {{I}}, hidden_size: {{H}}, output_size: {{O}}, layout: {layout}{more}}}\n"
        f"sequence: {{length: {{T}}, inputs: dense{batch}}}\nloss: {{{loss}}}"
    )


def layer(*, cell: str = "tanh", layout: str = "row", is_batch: bool = True) -> str:
    """A layer that knows no loss; what goes into it has a gradient, too."""
    batch = ", batch_size: {B}" if is_batch else ""
    return (
        f"model: {{cell: {cell}, input_size: {{I}}, hidden_size: {{H}}, outputs: states, initial_state: input, "
        f"layout: {layout}}}\nsequence: {{length: {{T}}, inputs: dense, input_gradient: true{batch}}}\n"
        "loss: {kind: projection}"
    )
