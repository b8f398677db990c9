"""What the README and the reference take from the program itself; `python -m tests.readme.generated` writes it anew."""

import re
from collections.abc import Iterator

import click

from gradcheck_rnn.cli.main import cli
from gradcheck_rnn.explain import GROUPS, read_pages
from tests.cli.running import ROOT

README = ROOT / "README.md"
REFERENCE = ROOT / "gradcheck_rnn" / "cli" / "REFERENCE.md"
# columns of the help
WIDTH = 100
# the groups of pages that are faults, and not remarks about the check
FINDINGS = [group for group in GROUPS if group != "note"]


def findings_table() -> str:
    """A row for each kind of finding."""
    rows = [f"| `{page.kind}` | {page.summary} |" for page in read_pages().values() if page.group in FINDINGS]
    return "\n".join(["| kind | what is wrong |", "|---|---|", *rows])


def reference() -> str:
    """The help of each command, as the terminal has it."""
    head = "# The command line\n\nMade from `--help`: each command with all of its options.\n"
    return head + "".join(f"\n## {name}\n\n```text\n{text.rstrip()}\n```\n" for name, text in _helps())


def _helps() -> Iterator[tuple[str, str]]:
    program = _context(cli, "gradcheck-rnn")
    yield "gradcheck-rnn", cli.get_help(program)
    for name, command in sorted(cli.commands.items()):
        yield f"gradcheck-rnn {name}", command.get_help(_context(command, name, program))


def _context(command: click.Command, name: str, parent: click.Context | None = None) -> click.Context:
    return command.make_context(name, [], parent, resilient_parsing=True, terminal_width=WIDTH)


def with_table(readme: str) -> str:
    """The README with the table of findings as it is now."""
    mark = r"(<!-- generated: findings -->\n).*?(\n<!-- end -->)"
    text, count = re.subn(mark, lambda found: found[1] + findings_table() + found[2], readme, flags=re.DOTALL)
    assert count == 1
    return text


if __name__ == "__main__":
    README.write_text(with_table(README.read_text()))
    REFERENCE.write_text(reference())
