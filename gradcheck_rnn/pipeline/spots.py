"""Places where a sweep looks: what is under test, its plain differences, and the check's own measurement there."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched
from typing import Literal, Protocol

import numpy as np

from gradcheck_rnn.analytic.inspection import Gradients, gradients
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.roles import own_shapes
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.model.draw import configured_problem, probe_batch, probe_net, probe_problem
from gradcheck_rnn.model.elman import reference_gradients
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.numeric.estimate import Indices, Values
from gradcheck_rnn.numeric.steps import USER_ENTRIES, described_differences, described_entries, user_differences
from gradcheck_rnn.pipeline.forward import Forward, match_forward
from gradcheck_rnn.pipeline.measurement import Measurement, Plan, measure_reference
from gradcheck_rnn.pipeline.user_code import measure_user
from gradcheck_rnn.pipeline.user_net import UserNet
from gradcheck_rnn.report.value import PointName
