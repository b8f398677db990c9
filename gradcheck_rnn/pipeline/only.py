"""The parameters that were asked for by name."""

from collections.abc import Iterable, Sequence

from gradcheck_rnn.config.suggest import closest
from gradcheck_rnn.errors import Mistake, UsageError


def refuse_unknown(only: Sequence[str] | None, names: Iterable[str]) -> None:
    """Refuse names that are no parameter.

    Raises:
        UsageError: there are some.
    """
    known = list(names)
    unknown = [name for name in only or () if name not in known]
    if unknown:
        raise UsageError(
            *(Mistake(f"--only names `{name}`, which is no parameter", _suggestion(name, known)) for name in unknown)
        )


def _suggestion(name: str, known: list[str]) -> str:
    near = closest(name, known)
    return f"did you mean `{near}`?" if near else f"there are {', '.join(known)}"
