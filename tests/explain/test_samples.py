"""The sample of each page, run: what is printed there as broken is broken, and what is printed as fixed is right."""

import pytest

from gradcheck_rnn.explain import read_page
from tests.explain.kinds import BACKWARD, BY_HAND, CODE, NOTES, PROMISED
from tests.thinned import thinned

# a bad sample may overflow or divide by zero
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

# code whose gradients are wrong, where other code gives nothing to judge by
WRONG = {"accumulating-gradients", "forward-differs", "missing-key", "non-finite"}


@pytest.mark.parametrize("kind", thinned(sorted(PROMISED), every=2))
def test_the_sample_passes_as_it_is_printed_under_fixed(kind, check_sample):
    report = check_sample(kind, broken=False)
    assert report.outcome == "pass", report.findings
    assert kind not in {note.kind for note in report.notes}


@pytest.mark.parametrize("kind", thinned(sorted(BACKWARD), every=5))
def test_the_broken_sample_of_a_fault_is_a_wrong_gradient_and_named(kind, check_sample):
    report = check_sample(kind, broken=True)
    assert report.outcome == "fail"
    assert [(finding.kind, finding.term) for finding in report.findings][:1] == [(kind, read_page(kind).term)]


@pytest.mark.parametrize("kind", sorted(CODE))
def test_the_broken_sample_of_bad_code_is_named(kind, check_sample):
    report = check_sample(kind, broken=True)
    assert report.findings[0].kind == kind
    assert (report.outcome == "fail") == (kind in WRONG)


@pytest.mark.parametrize("kind", sorted(NOTES - BY_HAND))
def test_the_broken_sample_of_a_note_gives_that_note_and_no_fault(kind, check_sample):
    report = check_sample(kind, broken=True)
    assert kind in {note.kind for note in report.notes}
    assert report.outcome in ("pass", "inconclusive")
