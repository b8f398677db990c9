"""Pages, read from Markdown files that begin with a few settings between two lines of dashes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PAGE_FOLDER = Path(__file__).with_name("pages")
# what a kind of finding is about, in the order in which the kinds are listed
GROUPS = {
    "backward": "faults of the backward pass",
    "code": "about your code",
    "note": "notes about the check",
}
FENCED = re.compile(r"^```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Page:
    """The page of one kind of finding.

    `group` is a key of GROUPS, `text` is Markdown. The code blocks under `## Broken` and `## Fixed` are the two forms
    of a passage of `sample`, a file of the sample nets, which the check meets under the `overrides` (KEY=VALUE each).
    For a fault of the backward pass, `term` is that of the finding which the broken sample gives, and `has_patch` says
    whether a search for edits mends it as a person would, within a few seconds.
    """

    kind: str
    group: str
    text: str
    sample: str
    overrides: tuple[str, ...]
    term: str
    has_patch: bool

    @property
    def summary(self) -> str:
        """What the kind of finding is, in a few words."""
        return self.text.partition("\n")[0].partition(": ")[2]

    @property
    def broken(self) -> str:
        """The passage with the fault."""
        return self._code_under("Broken")

    @property
    def fixed(self) -> str:
        """The passage as it should be."""
        return self._code_under("Fixed")

    def _code_under(self, heading: str) -> str:
        match = FENCED.search(self.text, self.text.index(f"\n## {heading}\n"))
        return match[1] if match else ""


def read_pages() -> dict[str, Page]:
    """All pages by kind, sorted."""
    kinds = sorted(file.stem for file in PAGE_FOLDER.glob("*.md"))
    return {kind: read_page(kind) for kind in kinds}


def read_page(kind: str) -> Page:
    """The page of a kind of finding.

    Raises:
        FileNotFoundError: there is none.
    """
    source = (PAGE_FOLDER / f"{kind}.md").read_text(encoding="utf-8")
    _, front, text = source.split("---\n", 2)
    settings = _front_matter(front)
    return Page(
        kind=kind,
        group=settings["group"],
        text=text,
        sample=settings.get("sample", "sample_net.py"),
        overrides=tuple(settings["set"].strip("[]").split(", ")) if "set" in settings else (),
        term=settings.get("term", ""),
        has_patch="term" in settings and settings.get("patch") != "no",
    )


def _front_matter(text: str) -> Mapping[str, str]:
    pairs = [line.partition(": ") for line in text.splitlines()]
    return {key: value for key, _, value in pairs}
