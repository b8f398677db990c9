"""The command line as a whole: its commands, and the one place where outcomes become exit codes."""

import os
import sys
import traceback
from collections.abc import Sequence

import click
from click.shell_completion import add_completion_class

from gradcheck_rnn import __version__
from gradcheck_rnn.cli.check import check
from gradcheck_rnn.cli.completion import PROGRAM, VARIABLE, Bash, completion
from gradcheck_rnn.cli.demo import demo
from gradcheck_rnn.cli.exits import EPILOG, Exit, UnwritableError
from gradcheck_rnn.cli.explain import explain
from gradcheck_rnn.cli.fix import fix
from gradcheck_rnn.cli.init import init
from gradcheck_rnn.cli.power import power
from gradcheck_rnn.cli.schema import schema
from gradcheck_rnn.cli.sweep import sweep
from gradcheck_rnn.errors import UsageError


class _Commands(click.Group):
    """Commands; a configuration in the place of one gets a hint."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command."""
        if args and args[0].endswith((".yaml", ".yml")) and self.get_command(ctx, args[0]) is None:
            ctx.fail(f"no such command `{args[0]}`: did you mean `gradcheck-rnn check {args[0]}`?")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="gradcheck-rnn")
def cli() -> None:
    """Find the broken term in a hand-written backward pass of a recurrent net."""


cli.add_command(check)
cli.add_command(completion)
cli.add_command(demo)
cli.add_command(explain)
cli.add_command(fix)
cli.add_command(init)
cli.add_command(power)
cli.add_command(schema)
cli.add_command(sweep)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with the exit code; the one place where outcomes become codes."""
    # the nets are small: BLAS threads cost more than they give. Set before numpy is imported.
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    sys.exit(_outcome(arguments))


def _outcome(arguments: Sequence[str] | None) -> Exit:
    if VARIABLE in os.environ:
        add_completion_class(Bash)
    try:
        code = cli.main(args=arguments, prog_name=PROGRAM, standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return Exit.INTERRUPTED
    except UsageError as error:
        click.echo(str(error), err=True)
        return Exit.USAGE
    except click.ClickException as error:
        error.show()
        return Exit.NO_VERDICT if isinstance(error, UnwritableError) else Exit.USAGE
    except Exception:  # the last resort: whatever is left is a bug of ours, never a verdict
        click.echo(traceback.format_exc(), err=True)
        click.echo("this is a bug in gradcheck-rnn: please report it with the lines above", err=True)
        return Exit.BUG
    return Exit(code) if isinstance(code, int) else Exit.PASS
