"""The patch of a demonstration: a search for edits of source that has the story's fault in it."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.explain import SAMPLE_FOLDER, broken_sample, read_page
from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.pipeline.check import silent
from gradcheck_rnn.pipeline.fix import run_fix
from gradcheck_rnn.pipeline.measurement import Progress
from gradcheck_rnn.report.demo.chapters import FoundPatch

CONFIG = SAMPLE_FOLDER / "sample.yaml"
# what the sample is called in the diff
PROGRAM = "net.py"


def find_patch(fault: Fault, cell: str, *, progress: Progress = silent) -> FoundPatch | None:
    """Search edits of the sample that the page of a fault shows, in a folder of its own.

    Args:
        fault: the story's.
        cell: the kind of cell that the story is told of.
        progress: told what is going on, and how far it is.
    Returns:
        What was found; None where the sample has another fault or cell, or no edit soon mends it.
    Raises:
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    page = read_page(fault.kind)
    if not page.has_patch or page.term != fault.term:
        return None
    with TemporaryDirectory() as name:
        folder = Path(name)
        program = folder / PROGRAM
        program.write_text(broken_sample(fault.kind), encoding="utf-8")
        adapter = f"backward.adapter={json.dumps(str(program))}"  # a folder may have any name
        settings = load_settings(str(CONFIG), overrides=(*page.overrides, adapter))
        return _searched(settings, folder, progress) if settings.model.cell == cell else None


def _searched(settings: Settings, folder: Path, progress: Progress) -> FoundPatch | None:
    repair = run_fix(settings, progress=progress)
    if repair.interrupted:
        raise KeyboardInterrupt
    if repair.searched is None or repair.patch is None:
        return None
    return FoundPatch(
        name=PROGRAM,
        diffs=tuple(repair.patch.diffs(folder)),
        tried=repair.searched.tried,
        gradients=len(repair.patch.after),
        max_relative_error=repair.patch.max_relative_error,
        points=len(repair.patch.points),
    )
