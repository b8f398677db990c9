"""Styles in which recurrent nets are written, each with an edit that breaks it and the fault that this is."""

import json
from dataclasses import dataclass
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


@dataclass(frozen=True)
class Style:
    """A file of the fixtures; `right` is edited to `wrong`, which is the fault `kind` in `term`."""

    file: str
    right: str
    wrong: str
    kind: str
    term: str

    def source(self, *, broken: bool = False) -> str:
        text = (FIXTURES / self.file).read_text()
        assert text.count(self.right) == 1
        return text.replace(self.right, self.wrong) if broken else text


UNTRANSPOSED = ("untransposed-weight", "W_hh")
STYLES = {
    Path(style.file).stem: style
    for style in (
        # globals of a module, one function that returns a tuple
        Style("interfaces/char_globals.py", "carry = Whh.T @ raw", "carry = Whh @ raw", *UNTRANSPOSED),
        Style("styles/gate_script.py", "dc_next = dc * f[t]", "dc_next = 0 * dc", "missing-term", "dc_next"),
        Style("styles/fused_script.py", "dcnext = dc * f", "dcnext = 0 * dc", "missing-term", "dc_next"),
        # attributes of an object, in many ways of calling it
        Style("interfaces/tanh_net.py", "self.W.T @ delta", "self.W @ delta", *UNTRANSPOSED),
        Style("styles/word_class.py", "self.W.T.dot(delta_t)", "self.W.dot(delta_t)", *UNTRANSPOSED),
        Style("styles/cached_class.py", "self.w_hh.T @ d_z", "self.w_hh @ d_z", *UNTRANSPOSED),
        Style("styles/nested_result.py", "dhnext = self.Whh.T @ draw", "dhnext = self.Whh @ draw", *UNTRANSPOSED),
        Style("styles/gradients_aside.py", "back = dz @ self.W_hh.T", "back = dz @ self.W_hh", *UNTRANSPOSED),
        Style("styles/rows_class.py", "dh_next = dz @ self.W_hh.T", "dh_next = dz @ self.W_hh", *UNTRANSPOSED),
        Style("styles/loss_keeps_targets.py", "back = self.W.T @ raw", "back = self.W @ raw", *UNTRANSPOSED),
        Style("styles/gradients_kept.py", "dh_next = dz @ self.Wh.T", "dh_next = dz @ self.Wh", *UNTRANSPOSED),
        Style("styles/last_step_batches.py", "dh = da @ self.W_rec.T", "dh = da @ self.W_rec", *UNTRANSPOSED),
        # weights in a dict, of an object or passed around
        Style("styles/params_batches.py", "dh = dz @ Wh.T", "dh = dz @ Wh", *UNTRANSPOSED),
        Style("styles/gru_class.py", "+ drh * r +", "+ drh +", "missing-term", "r in dh_next"),
        Style("styles/gate_methods.py", "dc * f\n", "0 * dc\n", "missing-term", "dc_next"),
        Style("styles/params_passed.py", '(parameters["Waa"].T, dz)', '(parameters["Waa"], dz)', *UNTRANSPOSED),
        Style("styles/functions_of_params.py", "params['Whh'].T @ da", "params['Whh'] @ da", *UNTRANSPOSED),
        Style("styles/named_results.py", 'params["W"].T @ da', 'params["W"] @ da', *UNTRANSPOSED),
        # an update at once
        Style("styles/error_in.py", "d_h = self.Whh.T @ d_z", "d_h = self.Whh @ d_z", *UNTRANSPOSED),
        Style("styles/update_loop.py", "np.dot(self.Wh.T, dz)", "np.dot(self.Wh, dz)", *UNTRANSPOSED),
        Style(
            "styles/clipped_update.py", "dh_next = dh_raw @ self.Whh.T", "dh_next = dh_raw @ self.Whh", *UNTRANSPOSED
        ),
        Style("styles/batch_lists.py", "dh = dtanh @ self.Whh.T", "dh = dtanh @ self.Whh", *UNTRANSPOSED),
    )
}
LOSS_FREE = {
    Path(style.file).stem: style
    for style in (
        Style("styles/sequence_functions.py", "da.dot(Wh.T)", "da.dot(Wh)", *UNTRANSPOSED),
        Style("styles/step_functions.py", "dc * f\n", "0 * dc\n", "missing-term", "dc_next"),
        Style("styles/time_layer.py", "np.dot(dt, Wh.T)", "np.dot(dt, Wh)", *UNTRANSPOSED),
        Style("styles/cell_object.py", "dz @ self.U.T", "dz @ self.U", *UNTRANSPOSED),
    )
}


def notebook(source: str) -> str:
    """A notebook with a text in two cells, and what notebooks have besides."""
    first, second = source.split("\n\n\n", 1)
    cells = [
        {"cell_type": "markdown", "source": ["# Words"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", first]},
        {"cell_type": "code", "source": ["%%bash\n", "wget no_such_book"]},
        {"cell_type": "code", "source": second.splitlines(keepends=True)},
    ]
    return json.dumps({"cells": cells})
