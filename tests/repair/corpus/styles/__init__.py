"""The styles of the corpus, each with its slips and its pairs of them."""

from tests.repair.corpus.slip import Style
from tests.repair.corpus.styles import (
    elman_classes,
    elman_functions,
    elman_layers,
    elman_others,
    elman_updates,
    gru_classes,
    gru_others,
    later_elman,
    later_gru,
    later_lstm,
    lstm_layers,
    lstm_scripts,
    wild_elman,
    wild_gru,
    wild_lstm,
)

FAMILIES = (
    *(elman_functions, elman_classes, elman_updates, elman_layers, elman_others),
    *(lstm_scripts, lstm_layers, gru_classes, gru_others),
    *(wild_elman, wild_lstm, wild_gru),
    *(later_elman, later_lstm, later_gru),
)
STYLES: tuple[Style, ...] = tuple(style for family in FAMILIES for style in family.STYLES)
