"""The command `explain`: what a kind of finding means, one page each, or a list of all."""

from collections.abc import Iterator

import click

from gradcheck_rnn.cli.exits import Exit, reader_may_leave
from gradcheck_rnn.errors import Mistake, UsageError
from gradcheck_rnn.explain import GROUPS, Page, plain_lines, read_pages


def _kinds_like(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete a name in a shell."""
    return [kind for kind in read_pages() if kind.startswith(incomplete)]


@click.command()
@click.argument("name", nargs=-1, metavar="[NAME]", shell_complete=_kinds_like)
def explain(name: tuple[str, ...]) -> Exit:
    """Explain a kind of finding, or list all kinds.

    NAME is a kind as a report prints it, such as untransposed-weight; the term after it is ignored.
    """
    pages = read_pages()
    words = " ".join(name).replace(":", " ").split()
    lines = _page(_kind(words[0], pages), pages) if words else _list(pages)
    with reader_may_leave():
        for line in lines:
            click.echo(line)
    return Exit.PASS


def _kind(word: str, pages: dict[str, Page]) -> str:
    """The kind that a word means.

    Raises:
        UsageError: there is no such kind.
    """
    kind = word.lower().replace("_", "-")
    if kind in pages:
        return kind
    from gradcheck_rnn.config.places import quote
    from gradcheck_rnn.config.suggest import closest

    near = closest(word, pages)
    help_text = f"did you mean `{near}`?" if near else "`gradcheck-rnn explain` lists all"
    raise UsageError(Mistake(f"no kind of finding is called {quote(word)}", help_text))


def _page(kind: str, pages: dict[str, Page]) -> Iterator[str]:
    for line in plain_lines(pages[kind]):
        yield click.style(line.text, bold=True) if line.heading else line.text


def _list(pages: dict[str, Page]) -> Iterator[str]:
    width = max(map(len, pages))
    for group, heading in GROUPS.items():
        yield click.style(heading, bold=True)
        yield from (f"  {page.kind:<{width}}  {page.summary}" for page in pages.values() if page.group == group)
        yield ""
    yield "gradcheck-rnn explain NAME shows a page, with the formula and a sample."
