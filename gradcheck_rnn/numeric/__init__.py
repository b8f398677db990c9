"""Numeric gradients with an error estimate for every entry.

`described` differentiates the described loss: by differences that are `carried` through the net, or from whole losses
(`moved`). `black_box` differentiates the user's, and `screen` looks along random directions where entries are too many.
Whole losses, each off by its `noise`, become derivatives on the `ladder`. `steps` and `regimes` show what plain
differences do as the step falls; `rounding` is that of the gradients under test.
"""
