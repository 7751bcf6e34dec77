"""What a benchmark finds: lines that set Passage beside something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """Passage and what it is compared with, in the same unit, measured in the same run."""

    name: str
    ours: float
    theirs: float
    unit: str
    against: str
    """What `theirs` is."""
    repeats: int
    """How many measurements the figures are the medians of; 1 where they are counts or shares."""
    target: float | None = None
    """The highest ratio that is good enough; None where none was set."""
    paired: float | None = None
    """Median of the ratios of interleaved pairs, which a busy machine disturbs less; None where they were not."""

    @property
    def ratio(self) -> float | None:
        """Ours to theirs; None where theirs is 0."""
        if self.paired is not None:
            return self.paired
        return self.ours / self.theirs if self.theirs else None

    @property
    def met(self) -> bool:
        """Whether the ratio is at most the target; True where none was set."""
        return self.target is None or (self.ratio is not None and self.ratio <= self.target)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that could not be measured."""

    name: str
    why: str


def to_markdown(found: Sequence[Line | Skipped]) -> str:
    """A table of the lines, with what was skipped beneath it."""
    rows = [
        "| | Passage | beside it | ratio | target | median of | beside it is |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for line in found:
        if isinstance(line, Line):
            target = "" if line.target is None else f"≤ {line.target:g} {'✓' if line.met else '✗'}"
            ratio = "–" if line.ratio is None else f"{line.ratio:.2f}"
            figures = f"{line.ours:.4g} {line.unit} | {line.theirs:.4g} {line.unit} | {ratio}"
            rows.append(f"| {line.name} | {figures} | {target} | {line.repeats} | {line.against} |")
    rows += [f"\nSkipped: {line.name}: {line.why}" for line in found if isinstance(line, Skipped)]
    return "\n".join(rows) + "\n"


def to_dicts(found: Sequence[Line | Skipped]) -> list[dict[str, Any]]:
    """Plain values, for JSON."""
    return [{**asdict(line), "ratio": line.ratio} if isinstance(line, Line) else asdict(line) for line in found]
