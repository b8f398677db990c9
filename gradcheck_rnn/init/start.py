"""The whole of `init`: a file in, a configuration and an adapter out, with what was recognised and what was not."""

import re
from dataclasses import dataclass
from pathlib import Path

from gradcheck_rnn.errors import Location, Mistake, UsageError
from gradcheck_rnn.init.adapter_text import adapter_text
from gradcheck_rnn.init.config_text import config_text
from gradcheck_rnn.init.editor import with_editor_line
from gradcheck_rnn.init.example import CONFIG, CONFIG_NAME, EXAMPLE
from gradcheck_rnn.init.files import write_files
from gradcheck_rnn.init.read import Read, read
from gradcheck_rnn.init.recognise import Recognised, recognise
from gradcheck_rnn.init.template import flat_weights, template_config, template_text
from gradcheck_rnn.init.unrolled import LossFree, loss_free, takes_upstream
from gradcheck_rnn.init.unrolled_text import unrolled_adapter, unrolled_config

EXAMPLE_NAME = "example"
_FORMS = {
    "values": "returns the gradients of",
    "mapping": "returns a dict with the gradients of",
    "attributes": "leaves as attributes the gradients of",
    "kept": "keeps in a dict the gradients of",
    "updates": "updates at once, so that the gradients come from the change of",
}


@dataclass(frozen=True)
class Started:
    """Files that were written; what was recognised, with its place; what is to be filled in."""

    files: tuple[Path, ...]
    config: Path
    recognised: tuple[tuple[str, str], ...] = ()
    open: tuple[str, ...] = ()


def start(path: Path, *, folder: Path, force: bool) -> Started:
    """Write a configuration and an adapter for a file.

    Raises:
        UsageError: the file cannot be read, has no backward pass, or what is to be written is there already.
    """
    content = read(path)
    stem = re.sub(r"\W", "_", path.stem)
    adapter, config = f"{stem}_adapter.py", f"{stem}.gradcheck.yaml"
    name = _seen_from(folder, path)
    found, free = recognise(content.file), loss_free(content.file)
    if free is not None and (found is None or takes_upstream(found.backward)):
        written = unrolled_adapter(free, name, content.stubs)
        texts = {config: unrolled_config(free, adapter, config), adapter: written.text}
        facts, missing = _loss_free_facts(free, content), written.open
    elif found is not None:
        written = adapter_text(found, content.file, name, content.stubs)
        texts = {config: config_text(found, adapter, config), adapter: written.text}
        facts, missing = _facts(found, content), written.open
    else:
        weights = flat_weights(content.file)
        if not weights:
            message = "no backward pass found: nothing returns, stores or subtracts gradients of the weights"
            help_text = "`gradcheck-rnn init` without a file writes an example of the two functions that are needed"
            raise UsageError(Mistake(message, help_text, Location(str(path))))
        template = template_text(weights, name)
        texts = {config: template_config(weights, adapter, config), adapter: template.text}
        facts = [("", "a script without functions: nothing in it can be called")]
        facts += [(content.source.place(made.line), f"{name} {made.shape}") for name, made in weights.items()]
        missing = template.open
    files = write_files(folder, {**texts, config: with_editor_line(texts[config], folder)}, force=force)
    return Started(tuple(files), files[0], tuple(facts), tuple(missing))


def start_example(*, folder: Path, force: bool) -> Started:
    """Write a commented example, a net to be replaced and all that checks it.

    Raises:
        UsageError: what is to be written is there already.
    """
    files = write_files(folder, {**EXAMPLE, CONFIG_NAME: with_editor_line(CONFIG, folder)}, force=force)
    return Started(tuple(files), files[0])


def _seen_from(folder: Path, path: Path) -> str:
    """The user's file as the adapter names it: relative to the adapter's folder where it lies in it, else absolute."""
    whole, within = path.resolve(), folder.resolve()
    return whole.relative_to(within).as_posix() if whole.is_relative_to(within) else str(whole)


def _facts(found: Recognised, content: Read) -> list[tuple[str, str]]:
    """What was recognised, each with its place in the file."""
    home, result = found.home, found.result
    kept = {
        "module": "globals",
        "object": f"attributes of {home.owner.name}" if home.owner else "",
        "dict of object": f"in the dict {home.key} of {home.owner.name}" if home.owner else "",
        "dict": "in a dict that is passed around",
    }[home.kind]
    shapes = ", ".join(f"{name} {shape}".replace("None", "?") for name, shape in found.shapes.items())
    first = min(home.arrays[name].line for name in found.shapes)
    facts = [(first, f"weights, {kept}: {shapes}")]
    facts.append((found.backward.lineno, f"{found.backward.name}() {_FORMS[result.form]} {', '.join(result.weights)}"))
    for function in dict.fromkeys((found.forward, found.loss)):
        if function is not None:
            roles = ["runs before it"] * (function is found.forward) + ["returns the loss"] * (function is found.loss)
            facts.append((function.lineno, f"{function.name}() {' and '.join(roles)}"))
    placed = [(content.source.place(line), fact) for line, fact in facts]
    return [*placed, ("", _net(found))]


def _loss_free_facts(found: LossFree, content: Read) -> list[tuple[str, str]]:
    owner = f"{found.owner.name}." if found.owner else ""
    span = "a sequence" if found.is_sequence else "a step"
    facts = [
        (found.forward.lineno, f"{owner}{found.forward.name}() runs {span} with {', '.join(found.weights)}"),
        (found.backward.lineno, f"{owner}{found.backward.name}() takes the derivative by the states; no loss"),
    ]
    net = f"{found.cell} net, {'x @ W' if found.layout == 'row' else 'W @ x'}, in batches"
    return [*((content.source.place(line), fact) for line, fact in facts), ("", net)]


def _net(found: Recognised) -> str:
    reading = found.reading
    loss = f"{reading.kind.replace('_', ' ')}{' of the last step' if reading.last_step else ''}"
    inputs = "tokens" if reading.tokens else "vectors"
    batch = ", in batches" if found.batched else ""
    return f"{found.cell} net, {'x @ W' if found.net.layout == 'row' else 'W @ x'}, {inputs}{batch}, {loss}"
