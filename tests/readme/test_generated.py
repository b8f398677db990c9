"""Names, help texts and README agree."""

import re

from gradcheck_rnn.cli.main import cli
from tests.readme.generated import README, REFERENCE, reference, with_table

TEXT = README.read_text()


def test_the_reference_is_what_help_says():
    assert REFERENCE.read_text() == reference()


def test_the_table_of_findings_is_that_of_explain():
    assert with_table(TEXT) == TEXT


def test_every_command_has_a_row_and_every_row_is_a_command():
    table = TEXT.partition("\n## The other commands\n")[2].partition("\n\n**")[0]
    assert set(re.findall(r"^\| `([a-z]+)", table, re.MULTILINE)) == set(cli.commands)


def test_every_option_of_the_readme_is_one_of_a_command_that_is_named_with_it():
    """Where a line calls the program, each option there is one of that command."""
    calls = re.findall(r"gradcheck-rnn ([a-z]+)\b([^`\n|]*)", TEXT)
    assert len(calls) > 30
    for command, rest in calls:
        known = {option for each in cli.commands[command].params for option in (*each.opts, *each.secondary_opts)}
        used = set(re.findall(r"(?<= )--?[a-z][a-z-]*", rest.partition("#")[0])) - {"--help"}
        assert used <= known, f"gradcheck-rnn {command}{rest}"


def test_every_link_within_the_readme_leads_somewhere():
    titles = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([^)]*)\)", TEXT)) <= anchors
    for path in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (README.parent / path).exists(), path
