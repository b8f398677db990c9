"""Defaults of options, from `[tool.gradcheck_rnn]`: what the command line says is stronger.

A `pyproject.toml` is looked for only where the command line leaves something open, so that `--help` never fails.
"""

import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from gradcheck_rnn.errors import Mistake, UsageError

if TYPE_CHECKING:
    from gradcheck_rnn.config.project import Project

FILE = "pyproject.toml"
# options that a project may set; the others belong to one run (--set, --only), or would hide a verdict (--exit-zero)
OPTIONS = (
    "baseline",
    "cluster",
    "method",
    "output-format",
    "quiet",
    "report",
    "time-limit",
    "verbose",
    "workers",
)
CONFIGS = "configs"
# every way to begin the table: `[tool.gradcheck_rnn]`, a key of `[tool]`, an inline table
_TABLE = re.compile(rb"""tool[\s."']*gradcheck_rnn|tool["'\s]*\]|tool["'\s]*=""")


class ProjectCommand(click.Command):
    """A command whose options take their defaults from the project."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; the project is asked for what they leave open."""
        if not ctx.resilient_parsing:  # which completion is: it must not fail
            ctx.default_map = _Lazy(ctx)
        return super().parse_args(ctx, args)

    def get_help(self, ctx: click.Context) -> str:
        """Show the defaults of the program: help must not fail, and says the same everywhere."""
        ctx.default_map = None
        return super().get_help(ctx)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; with `--verbose`, tell first which defaults the project gave."""
        if ctx.params.get("verbose") and isinstance(ctx.default_map, _Lazy):
            for line in ctx.default_map.told():
                click.echo(line, err=True)
        return super().invoke(ctx)


class _Lazy(dict[str, Any]):
    """Defaults by the name of a parameter, read when the first is asked for."""

    def __init__(self, ctx: click.Context) -> None:
        super().__init__()
        self._ctx = ctx

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Give the default of a parameter."""
        return self._values.get(name, default)

    def told(self) -> Iterator[str]:
        """Say of each default that counts where it stands."""
        for parameter in self._ctx.command.params:
            name, key = str(parameter.name), _key(parameter)
            if self._project and self._ctx.get_parameter_source(name) is ParameterSource.DEFAULT_MAP:
                yield f"{self._project.location(key)}: {key} = {_toml(self._project.table[key])}"

    @cached_property
    def _values(self) -> Mapping[str, Any]:
        if self._project is None:
            return {}
        return _checked(self._project, self._ctx)

    @cached_property
    def _project(self) -> "Project | None":
        return find_project(Path.cwd())


def find_project(start: Path) -> "Project | None":
    """Find the nearest `pyproject.toml` with a table of ours, in a folder or above it.

    Raises:
        UsageError: a nearer one cannot be read.
    """
    for folder in (start, *start.parents):
        file = folder / FILE
        if file.is_file() and _may_have_table(file):
            from gradcheck_rnn.config.project import read_project

            if project := read_project(file, _from_here(file)):
                return project
    return None


def _may_have_table(file: Path) -> bool:
    """Whether it is worth while to read a file as TOML; one that cannot be opened is, to say why."""
    try:
        return _TABLE.search(file.read_bytes()) is not None
    except OSError:
        return True


def _from_here(path: Path) -> str:
    return os.path.relpath(path)


def _checked(project: "Project", ctx: click.Context) -> dict[str, Any]:
    """Values for the parameters of a command; whatever the table has is checked, for other commands, too.

    Raises:
        UsageError: with every mistake of the table.
    """
    known = _known(ctx)
    values: dict[str, Any] = {}
    mistakes = []
    for key, value in project.table.items():
        if key not in known:
            mistakes.append(_unknown(project, key, known))
            continue
        parameter = known[key]
        try:
            taken = _taken(project, key, value, parameter, ctx)
        except click.BadParameter as error:
            text = error.message.rstrip(".")
            message = f"`{key}`: {text[:1].lower()}{text[1:]}"
            mistakes.append(Mistake(message, _help(key), project.location(key)))
            continue
        if parameter in ctx.command.params:
            values[str(parameter.name)] = taken
    if mistakes:
        raise UsageError(*mistakes)
    return values


def _known(ctx: click.Context) -> dict[str, click.Parameter]:
    """Parameters by their key: those of this command, and where it has none of that name those of another."""
    group = ctx.find_root().command
    commands = [ctx.command, *(group.commands.values() if isinstance(group, click.Group) else ())]
    known: dict[str, click.Parameter] = {}
    for command in commands:
        for parameter in command.params if isinstance(command, ProjectCommand) else ():
            key = _key(parameter)
            if key in OPTIONS or key == CONFIGS:
                known.setdefault(key, parameter)
    return dict(sorted(known.items()))


def _key(parameter: click.Parameter) -> str:
    """The name of an option without its dashes, or that of an argument."""
    return parameter.opts[0].removeprefix("--")


def _unknown(project: "Project", key: str, known: Mapping[str, click.Parameter]) -> Mistake:
    from gradcheck_rnn.config.places import quote
    from gradcheck_rnn.config.suggest import closest

    near = closest(key, known)
    every = ", ".join(f"`{name}`" for name in known)
    mending = f"did you mean `{near}`?" if near else f"`[tool.gradcheck_rnn]` takes {every}"
    return Mistake(f"unknown key {quote(key)}", mending, project.location(key))


def _help(key: str) -> str:
    return f"`{key}` takes YAML files, relative to the folder of {FILE}" if key == CONFIGS else ""


def _taken(project: "Project", key: str, value: Any, parameter: click.Parameter, ctx: click.Context) -> Any:
    """The value as the option takes it.

    Raises:
        click.BadParameter: it does not.
    """
    from gradcheck_rnn.config.project import named

    wanted, types = _wanted(parameter)
    is_list = parameter.nargs == -1 or parameter.multiple
    each = value if is_list and isinstance(value, list) else [value]
    if (is_list and not isinstance(value, list)) or not all(type(one) in types for one in each):
        raise click.BadParameter(f"expected {'a list of texts' if is_list else wanted}, got {named(value)}")
    if key == CONFIGS:
        return [file for pattern in value for file in _files(project.source.folder, pattern)]
    if key == "method":
        _refuse_unknown_method(value)
    if key == "baseline":
        return _from_here(project.source.folder / value)
    if key == "report":
        return [_re_rooted(project.source.folder, one) for one in value]
    return parameter.type_cast_value(ctx, value)


def _wanted(parameter: click.Parameter) -> tuple[str, tuple[type, ...]]:
    """What a parameter takes, in words and as types of TOML's values."""
    if isinstance(parameter, click.Option) and parameter.is_flag:
        return "`true` or `false`", (bool,)
    if isinstance(parameter.type, click.types.FloatParamType):
        return "a number", (int, float)
    if isinstance(parameter.type, click.types.IntParamType):
        return "an integer", (int,)
    return "a text", (str,)


def _files(folder: Path, pattern: str) -> list[str]:
    """The files of a pattern, as they are named from here.

    Raises:
        click.BadParameter: there are none.
    """
    if not any(character in pattern for character in "*?["):
        return [_from_here(folder / pattern)]
    try:
        found = sorted(folder.glob(pattern))
    except (ValueError, NotImplementedError) as err:
        raise click.BadParameter(f"`{pattern}` is no pattern of files below {FILE}") from err
    if not found:
        raise click.BadParameter(f"no file is like `{pattern}`")
    return [_from_here(file) for file in found]


def _refuse_unknown_method(value: str) -> None:
    from gradcheck_rnn.config.keys import KEYS
    from gradcheck_rnn.config.kinds import Choice
    from gradcheck_rnn.config.suggest import closest, listed

    kind = KEYS["check.method"].kind
    if isinstance(kind, Choice) and value not in kind.choices:
        near = closest(value, kind.choices)
        suggestion = f"did you mean `{near}`?" if near else f"choices: {listed(kind.choices)}"
        raise click.BadParameter(f"unknown value `{value}`; {suggestion}")


def _re_rooted(folder: Path, report: str) -> str:
    """`FORMAT=PATH` with its path as it is named from here."""
    form, equals, path = report.partition("=")
    return f"{form}={_from_here(folder / path)}" if equals else report


def _toml(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)
