"""What Passage adds to the work of the embedding model: in answering, and in indexing again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from statistics import median
from typing import TYPE_CHECKING

from eval.bench.comparison import Line
from qa import Engine

if TYPE_CHECKING:
    from eval.questions import Question
    from qa import SentenceTransformerEmbeddings, Settings

_WARM_UP = 5


def index_twice(settings: Settings, embedder: SentenceTransformerEmbeddings) -> list[Line]:
    """Texts embedded when an article that has not changed is indexed again; `settings.data_dir` must be new."""
    embedded, seconds = [], []
    for _ in range(2):
        started = time.perf_counter()
        with closing(Engine.open(settings, embedder=embedder)) as engine:
            seconds.append(time.perf_counter() - started)
            embedded.append(engine.report.embedded)
    first, again = embedded
    return [
        Line("texts embedded, indexed again", again, first, "texts", "the first time", repeats=1, target=0),
        Line("opening, indexed already", seconds[1], seconds[0], "s", "the first time", repeats=1),
    ]


def ask_and_embed(
    settings: Settings, embedder: SentenceTransformerEmbeddings, questions: Sequence[Question]
) -> list[Line]:
    """Time of a whole answer, read and by similarity alone, beside that of embedding its question, in turns."""
    alone = settings.model_copy(update={"reader": False})
    return [
        _ask_and_embed("a warm answer", settings, embedder, questions, 4.0),
        _ask_and_embed("a warm answer by similarity alone", alone, embedder, questions, 1.5),
    ]


def _ask_and_embed(
    name: str, settings: Settings, embedder: SentenceTransformerEmbeddings, questions: Sequence[Question], target: float
) -> Line:
    asked, embedded = [], []
    with closing(Engine.open(settings, embedder=embedder)) as engine:
        for question in questions:
            started = time.perf_counter()
            engine.ask(question.question)
            between = time.perf_counter()
            embedder.model.encode([question.question], prompt=embedder.query_prompt, show_progress_bar=False)
            asked.append(between - started)
            embedded.append(time.perf_counter() - between)
    asked, embedded = asked[_WARM_UP:], embedded[_WARM_UP:]
    return Line(
        name,
        1000 * median(asked),
        1000 * median(embedded),
        "ms",
        "embedding the question",
        repeats=len(asked),
        target=target,
        paired=median(a / e for a, e in zip(asked, embedded, strict=True)),
    )
