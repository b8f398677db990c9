"""What a check has to say about each file of `fixtures/misbehaving`; each docstring there says what it does."""

from dataclasses import dataclass

from tests.cli.running import MISBEHAVING

ALL = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")
# shared by the others, and well-behaved
NO_CASE = "tagger_core"


@dataclass(frozen=True)
class Expected:
    """Exit code and verdict, kinds of the findings in order, kinds among the notes, rows that fail.

    `at` is the source line that the first finding points to: any of several, where the moment decides.
    `ends_process` means that in the check's own process it would end, hang or spoil the check itself.
    """

    code: int
    verdict: str
    kinds: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    ends_process: bool = False


def passes(*notes: str, ends_process: bool = False) -> Expected:
    return Expected(0, "pass", notes=notes, ends_process=ends_process)


def wrong(*kinds: str, rows: tuple[str, ...]) -> Expected:
    return Expected(1, "fail", kinds, wrong=rows)


def no_verdict(*kinds: str, at: tuple[str, ...] = (), ends_process: bool = False) -> Expected:
    return Expected(3, "error", kinds, at=at, ends_process=ends_process)


def unclear(*kinds: str) -> Expected:
    return Expected(3, "inconclusive", kinds)


EXPECTED = {
    "float32_accumulators": unclear("float32-inside"),
    "float32_throughout": unclear("float32-inside", "float32-inside"),
    "gradient_of_W_xh_transposed": wrong("wrong-shape", rows=("W_xh",)),
    "gradient_of_b_h_as_a_row": no_verdict("wrong-shape"),
    "gradients_accumulate": wrong("accumulating-gradients", rows=ALL),
    "gradients_as_a_tuple": no_verdict("missing-key"),
    "gradients_as_float32": unclear("float32-inside"),
    "gradients_as_integers": wrong(*["wrong-dtype"] * 5, rows=ALL),
    "gradients_clip_at_five": passes(),
    "gradients_exit": no_verdict("raised", at=("sys.exit(3)",)),
    "gradients_from_stale_cache": wrong("state-leak", rows=ALL),
    "gradients_hang": no_verdict("timed-out", at=("while True:", "pass"), ends_process=True),
    "gradients_have_an_unknown_key": no_verdict("missing-key"),
    "gradients_kill_their_process": no_verdict("crashed", ends_process=True),
    "gradients_miss_a_key": wrong("missing-key", rows=("W_hh",)),
    "gradients_misspell_a_key": wrong("missing-key", rows=("W_xh",)),
    "gradients_mutate_inputs": no_verdict("mutated-argument", at=("batch.inputs[0] = 0.0",)),
    "gradients_mutate_targets": no_verdict(
        "mutated-argument", at=('batch.targets[:] = (batch.targets + 1) % len(parameters["b_y"])',)
    ),
    "gradients_need_loss_first": wrong("state-leak", rows=ALL),
    "gradients_raise": no_verdict("raised", at=('raise NotImplementedError("backward pass is not written yet")',)),
    "gradients_refuse_other_lengths": passes("sequence-length-fixed"),
    "gradients_return_none": no_verdict("missing-key"),
    "gradients_segfault": no_verdict("crashed", at=("ctypes.string_at(0)",), ends_process=True),
    "gradients_with_a_nan": wrong("non-finite", rows=("W_hh",)),
    "gradients_with_an_inf": wrong("non-finite", rows=("W_hh",)),
    "hangs_at_import": no_verdict("timed-out", at=("while True:", "time.sleep(1.0)"), ends_process=True),
    "initial_state_ignored": passes("initial-state-ignored"),
    "loss_adds_noise": no_verdict("nondeterministic-loss"),
    "loss_as_a_matrix": passes(),
    "loss_as_a_vector": no_verdict("wrong-shape"),
    "loss_asks_on_stdin": no_verdict("raised", at=('input("press Enter to compute the loss ")',), ends_process=True),
    "loss_carries_its_state_over": no_verdict("state-leak"),
    "loss_exits_at_once": no_verdict("crashed", ends_process=True),
    "loss_hangs": no_verdict("timed-out", at=("while True:", "pass"), ends_process=True),
    "loss_in_millionths": passes("loss-factor"),
    "loss_is_nan": no_verdict("non-finite"),
    "loss_mutates_a_parameter": no_verdict("mutated-argument", at=('parameters["W_hh"] *= 0.999',)),
    "loss_mutates_initial_state": no_verdict("mutated-argument", at=('batch.initial_state["h"][:] = h[-1]',)),
    "loss_raises_in_a_helper": no_verdict("raised", at=('raise ValueError(f"no row for tag {tag}")',)),
    "loss_returns_none": no_verdict("wrong-dtype"),
    "loss_with_a_regulariser": passes("forward-differs"),
    "no_gradients_function": Expected(2, ""),
    "prints_to_stdout": passes(),
    "raises_at_import": no_verdict(
        "raised", at=('CORPUS = Path(__file__).with_name("no_such_corpus.txt").read_text()',)
    ),
    "syntax_error": no_verdict("raised", at=("def gradients(parameters, batch)",)),
    "writes_to_file_descriptor_one": passes(ends_process=True),
}

CHECKED = [name for name, expected in EXPECTED.items() if expected.code != 2]


def line_of(name: str, source: str) -> int:
    """Where a source line stands in a fixture, counted from 1."""
    lines = [line.strip() for line in (MISBEHAVING / f"{name}.py").read_text(encoding="utf-8").splitlines()]
    assert lines.count(source) == 1, f"{name} has not one line {source!r}"
    return lines.index(source) + 1
