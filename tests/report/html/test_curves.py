"""Curves as pictures: axes that tell what they show."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from gradcheck_rnn.numeric.steps import STEPS
from gradcheck_rnn.report.html.curves import steps_picture
from gradcheck_rnn.report.sweep.curves import StepCurves
from tests.report.html.pages import step_curve


def ticks(picture):
    """Labels of the upright axis, from below."""
    texts = [each.text for each in ET.fromstring(picture.svg).iter() if each.tag.endswith("text")]
    return texts[texts.index("step h") + 1 : texts.index("relative error")]


def errors(*values):
    """A curve that takes these values in turn, over all steps."""
    return replace(step_curve("W_hh", "fail"), errors=tuple(values[place % len(values)] for place in range(len(STEPS))))


@pytest.mark.parametrize("values", [(0.9, 0.94), (0.5,), (1.0, 5.0), (0.002, 0.9), (1e-12, 1.0)])
def test_no_two_ticks_have_one_label(values):
    labels = ticks(steps_picture(STEPS, StepCurves("configured", 6, "user", (errors(*values),)), name="steps"))
    assert len(labels) >= 2
    assert len(set(labels)) == len(labels)
