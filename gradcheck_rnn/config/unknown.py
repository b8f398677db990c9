"""Unknown keys and texts in the place of sections: what they were probably meant to be, and where they belong."""

from dataclasses import dataclass

from gradcheck_rnn.config.keys import KEYS, NAMED, Key, Section
from gradcheck_rnn.config.kinds import Choice
from gradcheck_rnn.config.places import clip, quote
from gradcheck_rnn.config.suggest import as_key_value, closest, listed

ELSEWHERE_CUTOFF = 0.75  # a name of another section must be this alike: 0.6 would suggest any `..._size`


@dataclass(frozen=True)
class Unknown:
    """Help for an unknown key, and the paths of the keys that it may be meant for."""

    help: str
    meant: tuple[str, ...]


def unknown_key(section: str, name: str, *, is_scalar: bool) -> Unknown:
    """Suggest what the unknown key `name` in `section` (empty: the top level) may be meant for.

    A key whose value `is_scalar` is not taken for a misspelt section, which holds keys.
    """
    if "." in name and name in NAMED:
        return Unknown(f"write `{NAMED[name].name}` {_home(NAMED[name])}, indented", (name,))
    homes = [known for known in NAMED.values() if known.name == name]
    belongs = f"`{name}` belongs {' or '.join(map(_home, homes))}" if homes else ""
    beside = {known.name: known.path for known in NAMED.values() if known.section == section}
    fitting = {known.name: known for known in NAMED.values() if not is_scalar or _takes_scalar(known)}
    if meant := closest(name, [word for word in beside if word in fitting]):
        suggestion = f"did you mean `{meant}`?" + (f" ({belongs})" if homes else "")
        return Unknown(suggestion, (beside[meant], *(home.path for home in homes)))
    if homes:
        return Unknown(belongs, tuple(home.path for home in homes))
    takes = f"`{section}` takes {listed(beside)}" if section else f"the top level takes {listed(beside)}"
    if meant := closest(name, fitting, cutoff=ELSEWHERE_CUTOFF):
        return Unknown(f"did you mean `{meant}` {_home(fitting[meant])}? {takes}", (fitting[meant].path,))
    return Unknown(takes, ())


def unknown_path(path: str) -> str:
    """Suggest what an unknown key, given as one word or as a dotted path, may be meant for."""
    names = {known.name: known.path for known in NAMED.values()}
    name = path.rpartition(".")[2]
    meant = names.get(name) or closest(path, NAMED) or names.get(closest(name, names) or "")
    top_level = listed(known.name for known in NAMED.values() if not known.section)
    return f"did you mean `{meant}`?" if meant else f"the top level takes {top_level}"


def full_paths(name: str) -> list[str]:
    """Paths that a user may mean by `name`: itself, else those that end in it."""
    return [name] if name in NAMED else [known.path for known in NAMED.values() if known.name == name]


def section_help(section: Section, text: str) -> str:
    """Suggest what may be meant by `text` (empty: no text at all) in the place of a section's mapping."""
    if section.word and text and closest(text, [section.word]):
        return f"did you mean `{section.word}`?"
    for key in KEYS.values():
        if isinstance(key.kind, Choice) and text in key.kind.choices:
            if key.section == section.path:
                return f"write `{section.name}: {{{key.name}: {text}}}`"
            if key.name == section.name:
                return f"did you mean `{key.path}`?"
    inside = [key.name for key in KEYS.values() if key.section == section.path]
    if as_key_value(text).partition(":")[0] in inside:
        return f"put a colon and a space after the key: {quote(as_key_value(text))}"
    if section.word:
        return f"write `{section.name}: {{{inside[0]}: {clip(text) or 'FILE'}}}`, or `{section.name}: {section.word}`"
    return f"write its keys below it, indented: `{inside[0]}: ...`"


def _takes_scalar(known: Key | Section) -> bool:
    return isinstance(known, Key) or known.word is not None


def _home(known: Key | Section) -> str:
    return f"under `{known.section}`" if known.section else "at the top level"
