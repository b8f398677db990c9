"""The command `schema`: the JSON schema of a configuration, for editors."""

import json

import click

from gradcheck_rnn.cli.exits import Exit, reader_may_leave


@click.command()
def schema() -> Exit:
    """Print the JSON schema (draft-07) of a configuration.

    An editor with a YAML language server then completes keys and marks mistakes: write the schema beside your
    configurations,

    gradcheck-rnn schema > gradcheck-rnn.schema.json

    and name it in one of their first lines,

    # yaml-language-server: $schema=gradcheck-rnn.schema.json

    `gradcheck-rnn init` adds that line where it finds the schema, beside what it writes or above.
    """
    from gradcheck_rnn.config.schema import json_schema

    with reader_may_leave():
        click.echo(json.dumps(json_schema(), indent=2, allow_nan=False))
    return Exit.PASS
