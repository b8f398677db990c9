"""Sentences of a demonstration, for somebody who has never heard of the tool."""

from collections.abc import Sequence

from gradcheck_rnn.cells.catalogue import cell_called
from gradcheck_rnn.cells.equation import INPUT_PARAMETER, Cell, delta_of, initial_name, previous
from gradcheck_rnn.config.settings import ModelSettings, Settings
from gradcheck_rnn.config.variants import variant_in
from gradcheck_rnn.diagnose.chain_map import ChainMap
from gradcheck_rnn.faults.library import is_elman
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.report.demo.chapters import Alarm, ClassicCheck, FoundPatch, Rung, Story
from gradcheck_rnn.report.demo.equations import forward_lines

TITLE = "One line of a backward pass is wrong. Which?"
_CELLS = {"lstm": "An LSTM", "gru": "A GRU"}
# the longest list of names in a sentence, and those of a longer one that are named
MOST_NAMES, FIRST_NAMES = 5, 3


def task(settings: Settings) -> str:
    """Say what the net is for."""
    batch = settings.sequence.batch_size
    what = f"{_CELLS.get(settings.model.cell, f'A {settings.model.cell} net')} reads a sentence word by word"
    if settings.loss.kind in ("mse", "projection"):
        what += f" and gives every word {settings.model.output_size} numbers."
    elif settings.loss.steps == "last":
        what += " and tags the whole sentence at its last word."
    else:
        what += " and gives every word a tag."
    return what if batch is None else f"{what} It reads {batch} sentences at a time."


def formulas(settings: Settings) -> list[str]:
    """Write down the forward pass."""
    return forward_lines(_cell(settings))


def _cell(settings: Settings) -> Cell:
    return cell_called(settings.model.cell, variant_in(settings))


def sizes(settings: Settings) -> str:
    """Say how large everything is, where it starts, and what the loss is."""
    model, loss = settings.model, settings.loss
    outputs = "tags" if loss.kind == "softmax_cross_entropy" else "outputs"
    return (
        f"A sentence has T = {settings.sequence.length} words, {_words(settings)}. There are "
        f"{model.hidden_size} hidden units and {model.output_size} {outputs}; {_start(settings)}. The "
        f"weights are random, of size {_spread(model)}. The loss is {_loss(loss.kind)}, {_summed(settings)}."
    )


def _loss(kind: str) -> str:
    return "the outputs times fixed random numbers" if kind == "projection" else kind.replace("_", " ")


def _words(settings: Settings) -> str:
    size = settings.model.input_size
    if settings.sequence.input_gradient:
        return f"each a vector of {size} numbers, whose gradient is checked too"
    return f"each one-hot out of {size}"


def _start(settings: Settings) -> str:
    states = _cell(settings).states
    several = len(states) > 1
    first = _list([f"{state}[-1]" for state in states])
    match settings.model.initial_state:
        case "zeros":
            return f"{first} {'are' if several else '='} 0"
        case "random":
            return f"{first} {'are' if several else 'is'} given, and not 0"
    learned = _list([initial_name(state) for state in states])
    return f"{first} {'are' if several else '='} {learned}, learned like the weights"


def _spread(model: ModelSettings) -> str:
    return f"{model.init.scale:g}" + (" / sqrt(fan-in)" if model.init.distribution.endswith("fan_in") else "")


def _summed(settings: Settings) -> str:
    if settings.loss.steps == "last":
        return "of the last step alone"
    return "summed over all steps" + (" and sentences" if settings.sequence.batch_size is not None else "")


def situation(story: Story) -> list[str]:
    """Say what has happened."""
    cell = _cell(story.broken.settings)
    carries = [delta_of(previous(state)) for state in cell.states]
    carry = "carries" if len(carries) == 1 else "carry"
    said = [
        "Say that you wrote the backward pass by hand. It walks from the last word to the first: "
        f"{_deltas(cell)}, and {_list(carries)} {carry} it back to the word before.",
        f"A gradient check moves each of the net's {story.ladder[0].entries} numbers a little, sees how the loss "
        "moves, and compares that with your gradient. It says whether the gradient is wrong. It does not say where.",
    ]
    if story.is_first:
        said.append(
            "This happened. In 2016 it was a question on Stack Exchange, and the one answer there was a guess: that "
            "the chain from word to word had been forgotten."
        )
    return said


def _deltas(cell: Cell) -> str:
    """Say what a letter d in front of a name means, by one example or two."""
    first, *others = (each.name for each in cell.affine)
    return f"d{first} is the error at {first}" + (f", d{others[0]} that at {others[0]}, and so on" if others else "")


def rung(step: Rung) -> str:
    """Say what the check finds at one length."""
    if step.verdict == "fail":
        return f"{_several(step.wrong)} {'is' if len(step.wrong) == 1 else 'are'} wrong"
    return f"all {step.entries} entries agree" if step.verdict == "pass" else "cannot be told"


def ladder_heading(story: Story) -> str:
    """Give the chapter of the lengths its name."""
    first = story.first_failing
    return "One step" if first == 1 else "One step, two steps" if first == 2 else "One step, two steps, more steps"


def reading_of_ladder(story: Story) -> str:
    """Say what the lengths tell."""
    first = story.first_failing
    if first is None:
        return (
            f"No length up to {story.ladder[-1].length} shows anything at these weights. "
            "That does not make the code right, as a second point will tell."
        )
    if first == 1:
        return "It fails with one step already, before anything is carried back: the mistake is within a step."
    steps = "a single step" if first == 2 else f"up to {first - 1} steps"
    why = "With one step there is nothing to carry back, and nothing to add up." if first == 2 else ""
    return f"Same code, same weights, one step more. It is right for {steps} and wrong for {first}. {why}".rstrip()


def two_points(*, mark: str) -> str:
    """Say where the check looks; `mark` is what the table says of the second point."""
    return (
        f"gradcheck-rnn compares every single entry, at your weights and at a probe point of its own (marked {mark}). "
        "A row shows a parameter's worst entry: analytic is your gradient, numeric is what moving the weight gives, "
        "and the error says how far that can be trusted."
    )


def before_map(chain: ChainMap) -> str:
    """Say what a chain map is."""
    said = (
        f"The error made at word t must reach every word k before it. gradcheck-rnn follows each one, over "
        f"{chain.length} words: what your code carries, what the numbers say, and which cells agree."
    )
    if not chain.beside:
        return said
    paths = [each.path for each in (chain, *chain.beside)]
    return f"{said} The ways back through {_list(paths)} have a map each."


def after_map(story: Story) -> str:
    """Say what the map narrows the search to."""
    chain = story.broken.chain
    if chain is None:
        return ""
    maps = (chain, *chain.beside)
    agrees = all(each.agrees.all() for each in maps)
    if agrees and story.fault.parameter is not None:
        whose = "the gradient of the inputs" if story.fault.parameter == INPUT_PARAMETER else "one parameter's gradient"
        return f"So the chain itself is right. The mistake is in how {whose} is built."
    if agrees and chain.constant == 1:
        return "Here nothing is wrong. It takes larger numbers, such as those of the table, for the mistake to show."
    if agrees or any((each.empty | each.acausal).any() or not each.agrees.diagonal().all() for each in maps):
        return ""
    return "Without a chain these cells would be empty. So the chain is there, but something in it is wrong."


def before_classic(classic: ClassicCheck) -> str:
    """Say what the classic check is."""
    yours = ", which is yours" if classic.own is None else ", and for yours"
    return (
        f"The usual recipe computes (L(w + h) - L(w - h)) / 2h with h = {classic.step:.0e} at your weights, and calls "
        f"an entry wrong that is off by more than {classic.tolerance:.0e}. Here are its largest errors for right code, "
        f"for code whose chain is cut after {classic.lags} steps{yours}. The last row is what gradcheck-rnn says."
    )


def after_classic(story: Story) -> list[str]:
    """Say what the classic check gets wrong, if it does."""
    classic = story.classic
    said = [_of_alarm(classic.alarm)] if classic.alarm is not None else ["It passes the right code, as it should."]
    if classic.is_blind:
        same = "fails nowhere else" if classic.failing(classic.right) else "passes too"
        said.append(
            f"It is blind: the cut chain is wrong, and {same}. At weights this small an error fades on its way back, "
            f"so that what the cut takes away is {classic.share:.0e} of the gradient."
        )
    else:
        gated = not is_elman(_cell(story.broken.settings))
        why = "a gated cell keeps an error alive" if gated else "these weights are large, and an error does not fade"
        said.append(f"It sees the cut: {why} on its way back.")
    if classic.own is not None:
        said.append(_of_own(classic))
    return said


def _of_alarm(alarm: Alarm) -> str:
    return (
        f"It calls right code wrong, a false alarm: {alarm.parameter}{list(alarm.index)} is off by {alarm.error:.1e} "
        f"by rounding alone. Two losses near {alarm.loss:.4g} differ by {abs(alarm.difference):.0e}, so that "
        f"{_digits(alarm.digits)} left."
    )


def _digits(digits: float) -> str:
    if digits < 1:
        return "none of their 16 digits are"
    return f"about {round(digits)} of their 16 digits {'is' if round(digits) == 1 else 'are'}"


def _of_own(classic: ClassicCheck) -> str:
    false, own = classic.failing(classic.right), classic.failing(classic.own) if classic.own is not None else ()
    beyond = [name for name in own if name not in false]
    if not beyond:
        return "And your code? To this check it is as good as the right one."
    apart = ", apart from what fails in right code too" if false else ""
    return f"Your code fails in {_several(beyond)}{apart}. That is all that it can say: not which line, and not why."


def before_finding(story: Story) -> str:
    """Say how a fault is found."""
    return (
        f"gradcheck-rnn knows {story.known} mistakes that such a backward pass can have. It makes each of them in a "
        "right one, at several random points, and asks: which gives exactly your gradients?"
    )


def after_finding(story: Story, finding: Finding) -> str:
    """Say so where the report has another name for the fault than the one that was asked for."""
    if (finding.kind, finding.term) == (story.fault.kind, story.fault.term):
        return ""
    asked = f"{story.fault.kind} {story.fault.term}"
    return f"You asked for {asked}. It gives the same gradients, so that nothing can tell the two apart."


def change(finding: Finding) -> list[str]:
    """Write the correction as a diff: the wrong line where the finding tells it, and the right one."""
    if finding.kind == "untransposed-weight":
        return [f"- {finding.help.replace(f'{finding.term}.T', finding.term)}", f"+ {finding.help}"]
    return [finding.help]


def before_patch(patch: FoundPatch) -> str:
    """Say what source is mended, and how."""
    return (
        f"So far the mistake was made in a backward pass of gradcheck-rnn's own. {patch.name} is a small program with "
        "the same mistake. `gradcheck-rnn fix` changes its source a little, runs it, compares again, and tries the "
        "next change, until every gradient passes. It found this one:"
    )


def after_patch(patch: FoundPatch) -> str:
    """Say what the patch does, and how far the search went."""
    error = patch.max_relative_error
    largest = "" if error is None else f" (largest relative error {error:.0e})"
    return (
        f"{patch.tried} edits were tried. With this patch all {patch.gradients} gradients pass{largest}, and so they "
        f"do at {patch.points} points that the search had not seen."
    )


def what_next(story: Story) -> list[tuple[str, str]]:
    """Commands to go on with, and what each is for."""
    cell = _cell(story.broken.settings)
    family = "" if is_elman(cell) else f" {cell.name}"
    return [
        (f"gradcheck-rnn explain {story.fault.kind}", "more about this mistake"),
        (f"gradcheck-rnn demo --list{family}", "all that can be shown so"),
        ("gradcheck-rnn check my.yaml", "the same for your code"),
        ("gradcheck-rnn fix my.yaml", "and its patch"),
    ]


def _several(names: Sequence[str]) -> str:
    """Name them all, or the first of many."""
    if len(names) <= MOST_NAMES:
        return _list(names)
    return _list([*names[:FIRST_NAMES], f"{len(names) - FIRST_NAMES} more"])


def _list(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
