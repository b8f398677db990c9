"""The command `completion`: the script by which a shell completes words."""

import os
import re
from typing import Any

import click
from click.shell_completion import BashComplete, CompletionItem, ShellComplete, get_completion_class, split_arg_string

from gradcheck_rnn.cli.exits import Exit, reader_may_leave

PROGRAM = "gradcheck-rnn"
VARIABLE = "_GRADCHECK_RNN_COMPLETE"
# stands for the cursor: no command line holds it
_END = "\0"
_TO_ESCAPE, _ESCAPED = re.compile(r"([^A-Za-z0-9_@%+=:,./-])"), r"\\\1"

# click's own hands over bash's words, which end at every `:` and `=`: faults and --set are full of these
_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' line kind value
    COMPREPLY=()
    for line in $(env COMP_LINE="${COMP_LINE:0:$COMP_POINT}" COMP_BREAKS="$COMP_WORDBREAKS" \\
            %(complete_var)s=bash_complete "$1"); do
        IFS=',' read -r kind value <<< "$line"
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done
    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace
    fi
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class Bash(BashComplete):
    """Completion of whole words in bash, whatever characters end a word there."""

    source_template = _BASH

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._typed = ""
        self._is_quoted = False

    def source(self) -> str:
        """Return the script; that bash is here, and new enough, is not looked at."""
        return ShellComplete.source(self)

    def get_completion_args(self) -> tuple[list[str], str]:
        """Split the line up to the cursor into words and the unfinished one."""
        line = os.environ["COMP_LINE"]
        *words, last = split_arg_string(line + _END)
        self._typed = last.removesuffix(_END)
        self._is_quoted = any(line.count(mark) % 2 for mark in "\"'")
        return words[1:], self._typed

    def format_completion(self, item: CompletionItem) -> str:
        """Return what bash puts in the place of the part of the word that it knows, escaped as it has to be."""
        if item.type != "plain" or self._is_quoted:
            return f"{item.type},{item.value}"
        ends = {*":="} & {*os.environ["COMP_BREAKS"]}
        breaks = [at + 1 for at, character in enumerate(self._typed) if character in ends]
        rest = item.value[max(breaks, default=0) :]
        return f"{item.type},{_TO_ESCAPE.sub(_ESCAPED, rest)}"


@click.command(short_help="Print the script that completes commands in a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> Exit:
    """Print the script that lets SHELL complete commands, options, kinds of findings, faults and keys.

    In bash: eval "$(gradcheck-rnn completion bash)", in ~/.bashrc for every session. zsh takes the same line with zsh,
    in ~/.zshrc after compinit; fish takes gradcheck-rnn completion fish | source.
    """
    kind = Bash if shell == "bash" else get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"this version of click knows no {shell}")
    text = kind(click.Command(PROGRAM), {}, PROGRAM, VARIABLE).source()
    with reader_may_leave():
        click.echo(text)
    return Exit.PASS
