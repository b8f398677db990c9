"""Real ways to be wrong for which there is no name of their own.

A diagnosis may call them `unexplained` or use one of the names accepted here; to match another one would be false.
"""

from .broken_bug import HIDDEN, SLOPE, Bug, Edit, Insertion, above, bug, names
from .broken_part import ACCUMULATED, B_H, B_Y, DELTA, HIDDEN_PARTS
from .broken_stream import CARRY, OWN, SLOPES

_RIGHT_SLOPE = "derivative(spec.cell, run.s[t])"
_OWN_ERROR = "V.T @ run.e[t]"
_H0, _RESULT = "dh0: Array", 'd = {"W_xh"'


def _unnamed(variant: str, *edits: Edit | Insertion, accepted: tuple[str, ...] = (), **fields: object) -> Bug:
    return bug("unexplained", "", variant, *edits, **{"accepted": names(*accepted)} | fields)


def _of_each(kind: str, parameters: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{kind}:{name}" for name in parameters)


OWN_ERROR = (
    _unnamed(
        "own error negated",
        Edit(OWN, _OWN_ERROR, f"-({_OWN_ERROR})"),
        touches=HIDDEN,
        accepted=("sign-flip:dy", "sign-flip:dh", *_of_each("sign-flip", HIDDEN)),
    ),
    _unnamed(
        "own error twice",
        Edit(OWN, _OWN_ERROR, f"2.0 * ({_OWN_ERROR})"),
        touches=HIDDEN,
        accepted=("double-counted-term:dy", "double-counted-term:dh", *_of_each("scaled-gradient", HIDDEN)),
    ),
    _unnamed(
        "own error not multiplied by W_hy",
        Edit(OWN, _OWN_ERROR, "run.e[t]"),
        touches=HIDDEN,
        needs=("O = H",),
        accepted=("missing-term:W_hy",),
    ),
    _unnamed(
        "own error multiplied by W_hh",
        Edit(OWN, "V.T", "W.T"),
        touches=HIDDEN,
        needs=("O = H",),
        accepted=("wrong-operand:W_hy",),
    ),
    _unnamed(
        "last step's output error at every step",
        Edit(OWN, "run.e[t]", "run.e[T - 1]"),
        touches=HIDDEN,
        accepted=("stale-cache:dy", "error-at-every-step:dy"),
    ),
)

TARGETS = (
    *(
        _unnamed(
            f"target of the step {side}",
            Edit("p, y = run.p[t]", "run.y[t]", f"run.y[({index}) % T]"),
            needs=("all steps",),
            accepted=("wrong-time-index:target", "wrong-time-index:dy"),
        )
        for side, index in (("before", "t - 1"), ("after", "t + 1"))
    ),
    _unnamed(
        "sign of the error alone",
        Edit("error = p - y", "p - y", "np.sign(p - y)"),
        needs=("mse",),
        accepted=("wrong-activation-derivative:dy",),
    ),
    _unnamed(
        "sigmoid in place of softmax",
        Edit("error = p - y", "p - y", "activation('sigmoid', run.o[t]) - y"),
        needs=("softmax",),
        accepted=("wrong-activation-derivative:dy", "wrong-operand:dy"),
    ),
)

CHAIN = (
    _unnamed(
        "derivative negated",
        Edit(SLOPES, _RIGHT_SLOPE, f"-{_RIGHT_SLOPE}"),
        touches=HIDDEN,
        accepted=(f"sign-flip:{SLOPE}", f"wrong-activation-derivative:{SLOPE}"),
    ),
    _unnamed(
        "derivative applied twice",
        Edit(SLOPES, _RIGHT_SLOPE, f"{_RIGHT_SLOPE} ** 2"),
        touches=HIDDEN,
        accepted=(f"double-counted-term:{SLOPE}", f"wrong-activation-derivative:{SLOPE}"),
    ),
    _unnamed(
        "relu's mask taken from the error",
        Edit(SLOPES, _RIGHT_SLOPE, "np.where(total(run.ds[t]) > 0.0, 1.0, 0.0)"),
        touches=HIDDEN,
        needs=("relu",),
        accepted=(f"wrong-activation-derivative:{SLOPE}", f"wrong-operand:{SLOPE}"),
    ),
    _unnamed(
        "derivative multiplied in after the weight",
        Edit(CARRY, "W.T @ run.da[t]", f"{_RIGHT_SLOPE}[:, None] * (W.T @ run.ds[t])"),
        touches=HIDDEN,
        accepted=(f"wrong-activation-derivative:{SLOPE}", f"wrong-time-index:{SLOPE}", "bypassed-activation:dh_next"),
    ),
    _unnamed(
        "carry passed on beside the weight",
        Edit(CARRY, "W.T @ run.da[t]", "W.T @ run.da[t] + run.da[t]"),
        touches=HIDDEN,
        accepted=("wrong-operand:W_hh",),
    ),
    _unnamed(
        "dh passed on as it is",
        Edit(CARRY, "W.T @ run.da[t]", "1.0 * run.ds[t]"),
        touches=HIDDEN,
        accepted=("missing-term:W_hh", "bypassed-activation:dh_next"),
    ),
    _unnamed(  # at t = -1 the last step's error and input meet the initial state's derivative
        "loop runs one step too far",
        above(
            _H0,
            "for run in runs:",
            "    extra = derivative(spec.cell, run.s[-1])[:, None] * run.carry",
            "    extra[:, -1] += derivative(spec.cell, run.s[-1]) * (V.T @ run.e[-1])",
            "    run.ds.append(extra)",
            "    run.carry = W.T @ extra",
        ),
        above(
            _RESULT,
            "dU = dU + sum(np.outer(total(run.ds[-1]), run.x[-1]) for run in runs)",
            "dW = dW + sum(np.outer(total(run.ds[-1]), run.s[-2]) for run in runs)",
            "db = db + sum(total(run.ds[-1]) for run in runs)",
            "dV = dV + sum(np.outer(run.e[-1], run.s[-1]) for run in runs)",
            "dc = dc + sum(run.e[-1] for run in runs)",
        ),
        accepted=("wrapped-index:loop",),
    ),
    _unnamed(
        "list of states begins with the initial one",
        Edit(SLOPES, "run.s[t]", "run.s[t - 1]"),
        Edit("dW_t =", "run.s[t - 1]", "run.s[t - 2]"),
        Edit("dV_t =", "run.s[t]", "run.s[t - 1]"),
        touches=(*HIDDEN, "W_hy"),
        accepted=("wrong-time-index:h[t]", "wrong-time-index:h[t-1]", f"wrong-time-index:{SLOPE}"),
    ),
)

ONE_PARAMETER = (
    *(
        _unnamed(
            f"own error missing in {part.name}",
            Edit(part.line, DELTA, "(total(run.da[t]) - run.da[t][:, t])"),
            touches=(part.name,),
            accepted=(f"missing-term:dy in {part.name}", f"wrong-operand:{part.name}"),
            accepted_last=names(f"skipped-step:{part.name}", f"wrong-time-index:{part.name}"),
        )
        for part in HIDDEN_PARTS
    ),
    *(
        _unnamed(
            f"last sequence alone in {part.name}",
            Edit(part.line, "for run in runs", "for run in runs[-1:]"),
            touches=(part.name,),
            accepted=(f"overwritten-accumulator:{part.name}",),
        )
        for part in ACCUMULATED
    ),
    *(
        _unnamed(
            f"{part.name} summed over its units",
            Edit(f"{gradient} = {gradient} +", f"+ {gradient}_t", f"+ np.sum({gradient}_t)"),
            touches=(part.name,),
            needs=("mse",),  # p - y sums to zero for softmax, and b_y's is then simply missing
            accepted=(f"wrong-operand:{part.name}",),
        )
        for part in (B_H, B_Y)
        for gradient in [part.gradient]
    ),
    _unnamed(
        "last sequence alone in h0",
        Edit(_H0, "for run in runs", "for run in runs[-1:]"),
        touches=("h0",),
        accepted=("overwritten-accumulator:h0",),
    ),
    _unnamed(
        "dh of the first step for h0",
        Edit(_H0, "total(run.carry)", "total(run.ds[0])"),
        touches=("h0",),
        accepted=("wrong-operand:h0", "wrong-time-index:h0"),
    ),
    _unnamed(
        "dz of the first step for h0",
        Edit(_H0, "total(run.carry)", "total(run.da[0])"),
        touches=("h0",),
        accepted=("wrong-operand:h0", "missing-term:h0", "missing-term:W_hh in h0"),
    ),
    _unnamed(
        "weight untransposed in h0",
        Edit(_H0, "total(run.carry)", "W @ total(run.da[0])"),
        touches=("h0",),
        accepted=("untransposed-weight:h0", "untransposed-weight:W_hh in h0"),
    ),
)

_DECAYED = ("W_xh", "W_hh", "W_hy")
REGULARISERS = (
    _unnamed(
        "regulariser on the weights and not on the biases",
        above(_RESULT, "dU, dW, dV = dU + 0.1 * U, dW + 0.1 * W, dV + 0.1 * V"),
        touches=_DECAYED,
        accepted=("regulariser-mismatch:all", *_of_each("regulariser-mismatch", _DECAYED)),
    ),
    _unnamed(
        "regulariser by the sign",
        above(_RESULT, "dU, dW, dV = dU + 0.1 * np.sign(U), dW + 0.1 * np.sign(W), dV + 0.1 * np.sign(V)"),
        touches=_DECAYED,
        accepted=("regulariser-mismatch:all", *_of_each("regulariser-mismatch", _DECAYED)),
    ),
)

UNNAMED = OWN_ERROR + TARGETS + CHAIN + ONE_PARAMETER + REGULARISERS
