"""What the pictures of a demonstration need beside its story: maps to compare, and how far an error reaches."""

from collections.abc import Iterator

from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.model.draw import configured_net, probe_net
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.pipeline.diagnosis.chain import chain_of_reference
from gradcheck_rnn.pipeline.diagnosis.diagnose import faults_of, witness_nets
from gradcheck_rnn.pipeline.study import reaches
from gradcheck_rnn.report.demo.chapters import FoundPatch, Lesson, NamedMap, Story

# the guess that everybody makes first, and what it is compared with where it is the story's own
NO_CARRY = "missing-term:dh_next"
UNTRANSPOSED = "untransposed-weight"


def lesson_of(story: Story, patch: FoundPatch | None) -> Lesson:
    """Gather what the pictures of a story and its patch show."""
    return Lesson(story, patch, tuple(_maps(story)), tuple(reaches(story.broken.settings)))


def _maps(story: Story) -> Iterator[NamedMap]:
    settings = story.broken.settings
    net = witness_nets(probe_net(configured_net(settings), reducible=True), lengths_are_free=True)[0]
    compared = _compared(net, story.fault)
    named = {
        "right code": (),
        compared.name.replace(":", " "): (compared,),
        story.fault.name.replace(":", " "): (story.fault,),
    }
    for name, faults in named.items():
        chain = chain_of_reference(settings, net, faults)
        if chain is not None:
            yield NamedMap(name, chain)


def _compared(net: Net, own: Fault) -> Fault:
    """The fault to compare with: no carry at all, or a carry through the wrong weight where that is the story's own."""
    every = faults_of(net)
    if own.name != NO_CARRY:
        return next(fault for fault in every if fault.name == NO_CARRY)
    return next(fault for fault in every if fault.kind == UNTRANSPOSED)
