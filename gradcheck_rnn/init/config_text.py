"""The configuration that is written for a file."""

from gradcheck_rnn.init.names import BATCH, INPUT, OUTPUT, STEPS
from gradcheck_rnn.init.recognise import Recognised

_LAYOUTS = {"row": "weights are (in, out), for x @ W", "column": "weights are (out, in), for W @ x"}


def config_text(found: Recognised, adapter: str, config: str) -> str:
    """YAML for `gradcheck-rnn check`, with every key that the file decides."""
    net, reading = found.net, found.reading
    model = [
        f"  cell: {found.cell}",
        f"  input_size: {net.input_size or INPUT}",
        f"  hidden_size: {net.hidden_size}",
        f"  output_size: {net.output_size or OUTPUT}",
        *(["  biases: false"] if not net.biases else []),
        f"  layout: {net.layout:<12}# {_LAYOUTS[net.layout]}",
    ]
    batch = f", batch_size: {BATCH}" if found.batched else ""
    inputs = "tokens" if reading.tokens else "dense"
    steps = ", steps: last" if reading.last_step else ""
    return "\n".join(
        [
            f"# gradcheck-rnn check {config}",
            "",
            "model:",
            *model,
            f"sequence: {{length: {STEPS}{batch}, inputs: {inputs}}}",
            f"loss: {{kind: {reading.kind}, reduction: {found.reduction}{steps}}}",
            "seed: 0",
            f"backward: {{adapter: {adapter}}}",
            "",
        ]
    )
