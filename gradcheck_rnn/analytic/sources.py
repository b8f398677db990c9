"""Which files user code is made of, as far as they have been loaded, and what they hold."""

import sys
from hashlib import blake2b
from pathlib import Path

from gradcheck_rnn.adapters.lifetime import current_lifetime
from gradcheck_rnn.analytic.failure import is_users
from gradcheck_rnn.analytic.session import Session

DIGEST_SIZE = 16


def loaded_sources(session: Session) -> dict[str, str]:
    """Task: digest the adapter's file and every file of the user's that it has loaded, by its path.

    Modules, scripts and notebooks that were loaded by their definitions, and files that a program in another language
    was started with. Installed packages are not among them, and nor are files that are read as data.
    """
    modules = [getattr(module, "__file__", None) for name, module in sys.modules.items() if name != "__main__"]
    own = {file for file in map(Path, filter(None, modules)) if is_users(file)}
    named = {file.resolve() for file in current_lifetime().files}
    return {str(file): content_digest(file) for file in sorted({session.code.path, *own, *named})}


def content_digest(file: Path) -> str:
    """Digest what a file holds; empty where it cannot be read."""
    try:
        return blake2b(file.read_bytes(), digest_size=DIGEST_SIZE).hexdigest()
    except OSError:
        return ""
