"""What is taken for the derivative of an activation, by name and in words."""

from collections.abc import Mapping

# {h} is the activated value and {z} what it is made from
_AT_OTHER_PLACES = {
    "tanh' formula at z": "1 - {z}**2: the tanh's formula for {h}, at {z}",
    "sigmoid' formula at z": "{z} * (1 - {z}): the sigmoid's formula for {h}, at {z}",
    "tanh' of h": "1 - tanh({h})**2: the tanh's, at {h}",
    "sigmoid' of h": "sigmoid({h}) * (1 - sigmoid({h})): the sigmoid's, at {h}",
}

# what is taken for the derivative, by name and in words
_OTHER_SLOPES: Mapping[str, Mapping[str, str]] = {
    "tanh": {
        "f'(f(z))": "1 - tanh({h})**2: the derivative at the activated value",
        "f'(z) as value": "1 - {z}**2: the formula for {h}, at {z}",
        "sigmoid'": "{h} * (1 - {h}), the sigmoid's",
        "relu'": "the relu's",
        "sigmoid' of z": "the sigmoid's, at {z}",
        "f": "{h}, the function in place of its derivative",
        "1 - f": "1 - {h}: the square is missing",
        "f**2": "{h}**2: what it is subtracted from is missing",
        "1 + f**2": "1 + {h}**2: the sign is wrong",
        "1 - f @ f": "1 - {h} @ {h}: a scalar product in place of the square",
        **_AT_OTHER_PLACES,
    },
    "sigmoid": {
        "f'(f(z))": "sigmoid({h}) * (1 - sigmoid({h})): the derivative at the activated value",
        "f'(z) as value": "{z} * (1 - {z}): the formula for {h}, at {z}",
        "tanh'": "1 - {h}**2, the tanh's",
        "tanh' of z": "the tanh's, at {z}",
        "f": "{h}, the function in place of its derivative",
        "1 - f": "1 - {h}: the factor {h} is missing",
        "f**2": "{h}**2",
        "1 + f**2": "1 + {h}**2",
        "1 - f @ f": "1 - {h} @ {h}",
        **_AT_OTHER_PLACES,
    },
    "relu": {
        "f": "{h} itself, not whether it is positive",
        "z": "{z} itself, not whether it is positive",
        "tanh'": "1 - {h}**2, the tanh's",
        "sigmoid'": "{h} * (1 - {h}), the sigmoid's",
        "tanh' of z": "the tanh's, at {z}",
        "sigmoid' of z": "the sigmoid's, at {z}",
        "1 - f": "1 - {h}",
        "f**2": "{h}**2",
        "1 + f**2": "1 + {h}**2",
        "1 - f @ f": "1 - {h} @ {h}",
        **_AT_OTHER_PLACES,
    },
}


def other_slopes(function: str, *, value: str, of: str) -> Mapping[str, str]:
    """Return the functions that are taken for the derivative of an activation, `value` = function(`of`)."""
    return {name: words.format(h=value, z=of) for name, words in _OTHER_SLOPES[function].items()}
