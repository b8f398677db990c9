"""A script or notebook loaded by its definitions alone: what it reads, prints or trains when it is run does not run."""

import ast
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from gradcheck_rnn.adapters.lifetime import current_lifetime
from gradcheck_rnn.adapters.source import read_source

# statements that define something; assignments are kept where their value needs no call
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
# values of assignments that are computed without running anybody's code
HARMLESS = (
    *(ast.Constant, ast.Name, ast.Attribute, ast.Load, ast.Tuple, ast.List, ast.Dict, ast.Set),
    *(ast.UnaryOp, ast.USub, ast.UAdd, ast.BinOp, ast.operator, ast.Lambda, ast.arguments, ast.arg),
)


def definitions(path: str | Path, *, keep: Iterable[str] = (), stubs: Iterable[str] = ()) -> ModuleType:
    """Load the imports, functions, classes and plain constants of a script or a notebook, and nothing else.

    Args:
        path: `.py`, or `.ipynb`, whose magics and shell lines are left out; from the adapter's folder on.
        keep: names whose assignments are run although their value needs a call, such as weights.
        stubs: modules that are imported there and not needed: they are replaced by empty ones.
    Raises:
        FileNotFoundError: there is no such file.
        SyntaxError: it is no Python.
    """
    file = _found(Path(path))
    current_lifetime().files.append(file)
    tree = ast.parse(read_source(file).text, filename=str(file))
    module, kept = ModuleType(file.stem), {*keep}
    module.__file__ = str(file)
    for stub in stubs:
        sys.modules.setdefault(stub, _Stub(stub))
    for statement in tree.body:
        if isinstance(statement, DEFINITIONS) or _is_constant(statement, kept):
            _define(statement, file, module, needed=isinstance(statement, DEFINITIONS) or _targets(statement) & kept)
    return module


def _found(path: Path) -> Path:
    """A file, sought from the adapter's folder on, which comes first among the places of modules; its name is whole."""
    files = (Path(place) / path for place in ["", *sys.path])
    return next((file.resolve() for file in files if file.is_file()), path)


def _define(statement: ast.stmt, file: Path, module: ModuleType, *, needed: object) -> None:
    """Run one definition; a constant that is made of something that was left out is left out too."""
    code = compile(ast.Module([statement], []), str(file), "exec")
    try:
        exec(code, vars(module))
    except NameError:
        if needed:
            raise


def _is_constant(statement: ast.stmt, keep: set[str]) -> bool:
    """Whether a statement assigns what needs no call, or what is to be kept."""
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return False
    harmless = all(isinstance(node, HARMLESS) for node in ast.walk(statement.value))
    return harmless or bool(_targets(statement) & keep)


def _targets(statement: ast.stmt) -> set[str]:
    """Names that an assignment gives values to."""
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    return {node.id for target in targets if target for node in ast.walk(target) if isinstance(node, ast.Name)}


class _Stub(ModuleType):
    """A module that has whatever is imported from it."""

    def __getattr__(self, name: str) -> "_Stub":
        if name.startswith("__"):
            raise AttributeError(name)
        return _Stub(f"{self.__name__}.{name}")

    def __call__(self, *_arguments: object, **_options: object) -> "_Stub":
        return self

    def __bool__(self) -> bool:
        """Say no: libraries ask such modules, where they are loaded, whether a value is one of theirs."""
        return False
