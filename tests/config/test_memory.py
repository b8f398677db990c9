"""Sizes whose arrays do not fit are refused before anything is allocated."""

import pytest

from gradcheck_rnn.config import memory
from gradcheck_rnn.config.memory import available_memory, memory_mistake, memory_shares, readable

SIZES = {
    "dtype": "float64",
    "model.input_size": 10,
    "model.hidden_size": 100,
    "model.output_size": 7,
    "sequence.length": 20,
    "sequence.batch_size": None,
}


def test_the_estimate_counts_parameters_inputs_and_states():
    parameters = 10 * 100 + 100 * 100 + 100 + 100 * 7 + 7
    inputs, states = 20 * 10, 20 * (2 * 100 + 2 * 7)
    assert sum(share.bytes for share in memory_shares(SIZES)) == 8 * (6 * parameters + inputs + 3 * states)


def test_float32_takes_half():
    single = SIZES | {"dtype": "float32"}
    assert 2 * sum(s.bytes for s in memory_shares(single)) == sum(s.bytes for s in memory_shares(SIZES))


def test_sizes_that_just_fit_are_accepted_and_one_byte_less_is_not_enough():
    needed = sum(share.bytes for share in memory_shares(SIZES))
    assert memory_mistake(SIZES, {}, available=needed) is None
    assert memory_mistake(SIZES, {}, available=needed - 1) is not None


def test_the_refusal_names_the_need_what_is_free_and_the_size_to_lower(report, smallest, monkeypatch):
    monkeypatch.setattr("gradcheck_rnn.config.load.available_memory", lambda: 21 * 2**30)
    assert report(smallest.replace("hidden_size: 3", "hidden_size: 270000")) == (
        "net.yaml:3:16: error: these sizes need about 3.1 TiB, 21 GiB are free\n"
        "  |\n"
        "3 |   hidden_size: 270000\n"
        "  |                ^^^^^^\n"
        "  = help: lower `model.hidden_size`: most is for W_hh, `hidden_size` 270000 x `hidden_size` 270000"
    )


@pytest.mark.parametrize(
    ("override", "help_"),
    [
        ("length=1000000000000", "lower `sequence.length`: most is for the outputs, `length` 1000000000000 x"
                                 " `batch_size` 1 x `output_size` 5"),
        ("batch_size=1000000000000", "lower `sequence.batch_size`: most is for the outputs, `length` 6 x"
                                     " `batch_size` 1000000000000 x `output_size` 5"),
        ("input_size=10000000000000", "lower `model.input_size`: most is for W_xh, `input_size` 10000000000000 x"
                                      " `hidden_size` 3"),
    ],
)  # fmt: skip
def test_the_size_that_contributes_most_is_the_one_to_lower(report, smallest, override, help_):
    lines = report(smallest, override).splitlines()
    assert lines[0].startswith(f"--set {override}: error: these sizes need about ")
    assert lines[1] == f" = help: {help_}"


@pytest.mark.parametrize("available", [21 * 2**30, None])
def test_astronomic_sizes_are_refused_without_thousands_of_digits(report, smallest, monkeypatch, available):
    monkeypatch.setattr("gradcheck_rnn.config.load.available_memory", lambda: available)
    for size in ("1" + "0" * 30, "9" * 5000, "0x" + "f" * 5000):
        message = report(smallest.replace("hidden_size: 3", f"hidden_size: {size}"))
        assert message.startswith("net.yaml:3:16: error: these sizes need more than 1000 YiB, ")
        assert len(message) < 800


def test_other_mistakes_do_not_hide_that_memory_is_short(report, smallest):
    message = report(smallest.replace("hidden_size: 3", f"hidden_size: {10**30}") + "lr: 1\n")
    assert message.count(": error: ") == 2


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (10 * 1024, "10 KiB"),
        (1023 * 1024, "1023 KiB"),
        (21 * 2**30 + 2**29, "21 GiB"),
        (2**80, "1.0 YiB"),
        (1000 * 2**80, "1000 YiB"),
    ],
)
def test_bytes_are_readable(count, text):
    assert readable(count) == text


def test_available_memory_is_what_the_kernel_says(tmp_path, monkeypatch):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:       32768 kB\nMemAvailable:    2048 kB\n")
    monkeypatch.setattr(memory, "_MEMINFO", meminfo)
    assert available_memory() == 2 * 2**20


def test_without_the_kernels_word_all_physical_memory_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "none")
    monkeypatch.setattr(memory.os, "sysconf", {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}.__getitem__)
    assert available_memory() == 4_096_000


def test_where_nothing_is_known_only_the_impossible_is_refused(tmp_path, monkeypatch):
    def unknown(_: str) -> int:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "none")
    monkeypatch.setattr(memory.os, "sysconf", unknown)
    assert available_memory() is None
    assert memory_mistake(SIZES, {}, available=None) is None
