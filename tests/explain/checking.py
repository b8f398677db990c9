"""The sample net of the pages, right or with one page's fault in it, checked as a user would."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.explain import SAMPLE_FOLDER, broken_sample, read_page
from gradcheck_rnn.pipeline.check import run_check
from gradcheck_rnn.report.value import Report

# their samples would take this process down, or hang it
NEED_A_PROCESS = {"crashed", "timed-out"}
Check = Callable[..., Report]
# reports on the right sample, which is the same on many pages, by what their command sets
_right: dict[tuple[str, ...], Report] = {}


@pytest.fixture
def check_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Check the sample of a page, in a folder of its own and from there."""

    def check(kind: str, *, broken: bool) -> Report:
        page = read_page(kind)
        if not broken and page.overrides in _right:
            return _right[page.overrides]
        for file in SAMPLE_FOLDER.glob("*.*"):
            shutil.copy(file, tmp_path)
        if broken:
            (tmp_path / page.sample).write_text(broken_sample(kind), encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        settings = load_settings("sample.yaml", overrides=page.overrides)
        report = run_check(settings, workers=int(kind in NEED_A_PROCESS))
        if not broken:
            _right[page.overrides] = report
        return report

    return check
