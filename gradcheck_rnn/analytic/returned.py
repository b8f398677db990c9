"""What user code returns, read strictly: a loss is one number, gradients are arrays like the parameters."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.config.suggest import closest
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.model.activations import Array

RETURN = "does the function end with `return`?"


def read_loss(value: object) -> float:
    """Turn a returned loss into a float; a 0-d array or a 1x1 matrix is one too.

    Raises:
        UserCodeError: it is not one real number. (nan and inf are numbers here; the caller decides.)
    """
    if isinstance(value, float):
        return float(value)
    array = as_array(value)
    if array is None or array.dtype.kind not in "fiub":
        plain = array is None or isinstance(value, (tuple, list, Mapping))
        found = _a(type(value).__name__) if plain or array is None else f"values of type {array.dtype}"
        help_text = RETURN if value is None else "return the loss alone"
        raise UserCodeError(Finding("wrong-dtype", "loss", f"loss returned {found}, expected a real number", help_text))
    if array.size != 1:
        message = f"loss returned an array of shape {array.shape}, expected one number"
        raise UserCodeError(Finding("wrong-shape", "loss", message, help="sum over steps, outputs and batch"))
    return float(array.reshape(()))


def read_losses(value: object, count: int) -> list[float]:
    """Turn the losses of `count` parameter sets into floats.

    Raises:
        UserCodeError: it is not that many real numbers.
    """
    array = as_array(value)
    if array is None or array.dtype.kind not in "fiub":
        found = _a(type(value).__name__) if array is None else f"values of type {array.dtype}"
        help_text = RETURN if value is None else "return a list of numbers"
        raise UserCodeError(Finding("wrong-dtype", "losses", f"losses returned {found}", help_text))
    if array.size != count:
        message = f"losses returned {array.size} values for {count} parameter sets"
        raise UserCodeError(Finding("wrong-shape", "losses", message, help="return one loss for each, in their order"))
    return [float(each) for each in array.reshape(-1)]


def read_parameters(value: object) -> dict[str, Array]:
    """Read initial parameters as float64.

    Raises:
        UserCodeError: they are no dict of name to array of finite numbers.
    """
    if not isinstance(value, dict) or not value or not all(isinstance(name, str) for name in value):
        found = "an empty dict" if value == {} else type(value).__name__
        raise UserCodeError(
            Finding("missing-key", "parameters", f"parameters returned {found}, expected a dict of name to array")
        )
    arrays = {}
    for name, each in value.items():
        array = as_array(each)
        if array is None or array.dtype.kind not in "fiu":
            message = f'parameters["{name}"] is no array of real numbers'
            raise UserCodeError(Finding("wrong-dtype", name, message, parameters=(name,)))
        arrays[name] = array
        if not np.isfinite(array).all():
            message = f'parameters["{name}"] has entries that are not finite'
            raise UserCodeError(Finding("non-finite", name, message, parameters=(name,)))
    return {name: array.astype(np.float64) for name, array in arrays.items()}


@dataclass(frozen=True)
class Returned:
    """Usable gradients by name, None for a parameter without one, and what was wrong with the rest."""

    gradients: Mapping[str, Array | None]
    findings: tuple[Finding, ...]


def read_gradients(value: object, parameters: Mapping[str, Array]) -> Returned:
    """Match returned gradients with the parameters.

    Raises:
        UserCodeError: it is no mapping at all.
    """
    if not isinstance(value, Mapping):
        names = ", ".join(parameters)
        message = f"gradients returned {_a(type(value).__name__)}, expected a dict with the keys {names}"
        help_text = RETURN if value is None else "name each array: return {" + f'"{next(iter(parameters))}": ...' + "}"
        raise UserCodeError(Finding("missing-key", "gradients", message, help_text, parameters=tuple(parameters)))
    findings: list[Finding] = []
    unknown = [str(name) for name in value if name not in parameters]
    missing = [name for name in parameters if name not in value]
    if missing:
        findings.append(_missing(missing[0], unknown) if len(missing) == 1 else _all_missing(missing, unknown))
    if not missing:
        findings += [_unknown(name) for name in unknown]
    gradients: dict[str, Array | None] = dict.fromkeys(parameters)
    for name in parameters:
        if name in value:
            gradients[name], wrong = _read_one(name, value[name], parameters[name].shape)
            findings += wrong
    return Returned(gradients, tuple(findings))


def _read_one(name: str, value: object, shape: tuple[int, ...]) -> tuple[Array | None, list[Finding]]:
    array = as_array(value)
    if array is None or array.dtype.kind not in "fiub":
        found = _a(type(value).__name__) if array is None else f"values of type {array.dtype}"
        message = f'gradients["{name}"] is {found}, expected a float array of shape {shape}'
        return None, [Finding("wrong-dtype", name, message, parameters=(name,))]
    findings = []
    if array.shape != shape:
        message = f'gradients["{name}"] has shape {array.shape}, the parameter has {shape}'
        findings.append(Finding("wrong-shape", name, message, help=_help_for_shape(array, shape), parameters=(name,)))
        if _squeezed(array.shape) != _squeezed(shape):
            return None, findings
        array = array.reshape(shape)
    if array.dtype.kind in "iub":
        message = f'gradients["{name}"] holds {array.dtype}: fractions were cut off'
        help_text = "an accumulator made by zeros_like of an integer array, or np.zeros(shape, int), does that"
        findings.append(Finding("wrong-dtype", name, message, help=help_text, parameters=(name,)))
    if not np.isfinite(array).all():
        findings.append(_non_finite(name, array))
    return array.astype(np.float64), findings


def _missing(name: str, unknown: list[str]) -> Finding:
    near = closest(name, unknown, cutoff=0.5)
    help_text = f"`{near}` is there instead: is that its name?" if near else "return one array for each parameter"
    message = f"gradients returned nothing for {name}"
    return Finding("missing-key", name, message, help=help_text, parameters=(name,))


def _all_missing(names: list[str], unknown: list[str]) -> Finding:
    message = f"gradients returned nothing for {', '.join(names)}"
    own = "use the parameters' own names"
    help_text = f"it returned {', '.join(unknown)}: {own}" if unknown else "return one array for each"
    return Finding("missing-key", names[0], message, help=help_text, parameters=tuple(names))


def _unknown(name: str) -> Finding:
    message = f"gradients returned `{name}`, which is no parameter"
    return Finding("missing-key", name, message, help="leave it out, or offer it as a parameter as well")


def _non_finite(name: str, array: Array) -> Finding:
    index = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
    count = int(np.count_nonzero(~np.isfinite(array)))
    message = f'gradients["{name}"] has {count} of {array.size} entries not finite, the first at {list(index)}'
    return Finding("non-finite", name, message, parameters=(name,), evidence={"index": list(index), "count": count})


def _help_for_shape(array: Array, shape: tuple[int, ...]) -> str:
    if array.shape == shape[::-1]:
        return "it is transposed: swap the operands of the product, or add .T"
    if _squeezed(array.shape) == _squeezed(shape):
        return f"reshape it to {shape}: an axis of length 1 broadcasts where it should not"
    return ""


def _squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(length for length in shape if length != 1)


def as_array(value: object) -> Array | None:
    """Return the value as an array, None if numpy can make no regular one of it."""
    if value is None:
        return None
    try:
        return np.asarray(value)
    except Exception:  # whatever the object's own conversion raises, it is no array
        return None


def _a(noun: str) -> str:
    return "None" if noun == "NoneType" else f"an {noun}" if noun[0].lower() in "aeiou" else f"a {noun}"
