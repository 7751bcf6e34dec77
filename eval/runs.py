"""Questions put to an engine: what it answered, and the passages that it found."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ir_measures import ScoredDoc

from eval.qrels import doc_id

if TYPE_CHECKING:
    from eval.questions import Question
    from qa import Answer, Engine, Hit

logger = logging.getLogger(__name__)

RUN_DEPTH = 10
"""Passages retrieved for each question."""

_WARM_UP = 3

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the number of questions asked and the number to ask."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a question."""

    question: Question
    answer: Answer | None
    """None where the engine raised an error."""
    error: str
    """The error's type and message; empty where there was none."""
    hits: tuple[Hit, ...]
    """The passages found, best first."""


def run_questions(engine: Engine, questions: Sequence[Question], progress: Progress | None = None) -> list[Outcome]:
    """Ask every question, in order, in its own language as the engine detects it.

    The first few are asked twice, since first calls load code and warm caches. An error does not stop the run: it is
    kept, to be counted as a wrong answer.
    """
    for question in questions[:_WARM_UP]:
        _ask(engine, question)
    outcomes = []
    for question in questions:
        outcomes.append(_ask(engine, question))
        if progress:
            progress(len(outcomes), len(questions))
    return outcomes


def _ask(engine: Engine, question: Question) -> Outcome:
    try:
        answer = engine.ask(question.question)
        return Outcome(question, answer, "", tuple(engine.retrieve(question.question, top_k=RUN_DEPTH)))
    except Exception as error:  # whatever it is, the user would have got no answer
        logger.warning("%s failed: %s", question.query_id, error)
        return Outcome(question, None, f"{type(error).__name__}: {error}", ())


def scored_docs(outcomes: Iterable[Outcome]) -> Iterator[ScoredDoc]:
    """The retrieval run. Scores fall with the rank: ir_measures breaks ties of scores by doc_id, not by rank."""
    for outcome in outcomes:
        for rank, hit in enumerate(outcome.hits, start=1):
            yield ScoredDoc(outcome.question.query_id, doc_id(hit.passage), 1 / rank)
