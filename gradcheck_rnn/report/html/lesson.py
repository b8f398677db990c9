"""The lesson of a demonstration as one web page, with pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

from gradcheck_rnn.cells.catalogue import cell_called
from gradcheck_rnn.compare import Verdict
from gradcheck_rnn.config.variants import variant_in
from gradcheck_rnn.report.demo import lesson_words, words
from gradcheck_rnn.report.demo.chapters import ClassicCheck, Lesson, NamedMap, Story
from gradcheck_rnn.report.html.cells import DrawnMap, drawn_maps
from gradcheck_rnn.report.html.curves import Picture, reach_picture
from gradcheck_rnn.report.html.diff import marked_lines
from gradcheck_rnn.report.html.environment import page
from gradcheck_rnn.report.html.finding import found_faults
from gradcheck_rnn.report.html.table import table_caption, table_rows
from gradcheck_rnn.report.html.unrolled import unrolled_picture
from gradcheck_rnn.report.value import Report
from gradcheck_rnn.report.words import evidence, headline, power_line

# steps of the drawing that shows the sums, and of others at the most: each looks like the one before it
DRAWN_STEPS = 3
MOST_STEPS = 4


@dataclass(frozen=True)
class _Seen:
    """What the classic check says of a parameter: the error, and whether that passes."""

    error: float
    verdict: Verdict


def lesson_page(lesson: Lesson, *, command: str) -> str:
    """Render a lesson, which a command shows, as one self-contained page that works without script."""
    story = lesson.story
    settings = story.broken.settings
    cell = cell_called(settings.model.cell, variant_in(settings))
    return page(
        "lesson.html",
        title=words.TITLE,
        command=command,
        story=story,
        words=words,
        lesson_words=lesson_words,
        cell=cell,
        drawings=_drawings(story),
        broken=_judged(story.broken),
        mended=_judged(story.mended),
        maps=_by_path(lesson.maps),
        named_maps=lesson.maps,
        classic=_classic(story.classic),
        reach=reach_picture(lesson.reaches, name="reach"),
        findings=found_faults(story.broken.findings),
        patch=lesson.patch,
        diffs=[] if lesson.patch is None else marked_lines(lesson.patch.diffs),
    )


def _drawings(story: Story) -> dict[str, Picture]:
    """The unrolled net: over a few steps, over one, and over as many as it takes to fail."""
    settings = story.broken.settings
    cell = cell_called(settings.model.cell, variant_in(settings))
    carried = lesson_words.carries(cell, between=", ")
    length = min(max(story.first_failing or 2, 2), MOST_STEPS)

    def draw(steps: int, name: str, title: str, caption: str) -> Picture:
        return unrolled_picture(
            steps,
            losses=settings.loss.steps,
            state=cell.output,
            carried=carried,
            name=name,
            title=title,
            caption=caption,
        )

    return {
        "sums": draw(
            DRAWN_STEPS, "sums", "The net unrolled", "Thin arrows compute, heavy dashed ones carry errors back."
        ),
        "one": draw(1, "one", "T = 1", lesson_words.unrolled_one()),
        "more": draw(length, "more", f"T = {length}", lesson_words.unrolled_more(cell)),
    }


def _judged(report: Report) -> dict[str, object]:
    power = [] if report.power is None else [power_line(report.power)]
    return {
        "outcome": report.outcome,
        "headline": headline(report),
        "lines": [*power, *evidence(report)],
        "rows": table_rows(report.rows),
        "caption": table_caption(report),
    }


def _by_path(maps: Sequence[NamedMap]) -> list[tuple[DrawnMap, ...]]:
    """For each way that an error goes, the maps of all codes beside each other."""
    return list(zip(*(drawn_maps(each.chain, whose=each.name) for each in maps), strict=True))


def _classic(classic: ClassicCheck) -> dict[str, object]:
    looks = {"right code": classic.right, f"cut after {classic.lags} steps": classic.cut}
    if classic.own is not None:
        looks["your code"] = classic.own

    def seen(error: float) -> _Seen:
        return _Seen(error, "pass" if error <= classic.tolerance else "fail")

    return {
        "headings": list(looks),
        "rows": [(name, [seen(look.errors[name]) for look in looks.values()]) for name in classic.right.errors],
        "outcomes": [look.outcome for look in looks.values()],
    }
