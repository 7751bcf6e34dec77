"""What came of a question, judged: one Score each, from which every measure is taken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ir_measures
from ir_measures import RR, Success

from eval.qrels import qrels_of
from eval.runs import scored_docs

if TYPE_CHECKING:
    from eval.questions import Question
    from eval.runs import Outcome
    from qa import Answer, Article, Citation

RETRIEVAL = (Success @ 1, Success @ 3, Success @ 5, RR @ 10)
_MARKER = re.compile(r"\s*\[\d+\]")
_APOSTROPHES = str.maketrans("’ʼ`´", "''''")


@dataclass(frozen=True, slots=True)
class Score:
    """A question and how well it was answered. A question that raised an error is wrong in every respect."""

    question: Question
    error: str
    answer: Answer | None
    retrieval: Mapping[str, float]
    """Success@k and RR@10 of its passages, by name; 0 where nothing was retrieved."""
    holds_answer: bool
    """Whether an accepted answer stands in the answer's text."""
    cited: int
    """Sentences cited."""
    cited_evidence: int
    """Cited sentences that overlap the evidence."""
    valid_quotes: int
    """Citations whose two quotes stand in the articles' files where they say."""
    right_language: bool
    """Whether the answer, and every quote in it, is in the question's language."""
    would_hit: bool
    """Whether a sentence cited is evidence; in a refusal, the one that would be cited first. Never without evidence."""
    short_right: bool
    """Whether there is a short answer, and it holds an accepted answer or stands in one."""

    @property
    def refused(self) -> bool:
        """Whether the answer is a refusal; an error is not."""
        return self.answer is not None and self.answer.refused

    @property
    def answered(self) -> bool:
        """Whether there is an answer that is not a refusal."""
        return self.answer is not None and not self.answer.refused

    @property
    def short(self) -> str:
        """The short answer; empty where there is none."""
        return self.answer.short.text if self.answer and self.answer.short else ""

    @property
    def confidence(self) -> float:
        """The answer's confidence, 0 to 1; where there is an error, the worst for a question of its kind."""
        if self.answer is None:
            return 0.0 if self.question.answerable else 1.0
        return self.answer.confidence


def score_outcomes(outcomes: Sequence[Outcome], articles: Sequence[Article]) -> list[Score]:
    """A score for each outcome; `articles` are read from their files, not taken from the engine that answered."""
    retrieval = _retrieval(outcomes, articles)
    return [_score(outcome, retrieval[outcome.question.query_id], articles) for outcome in outcomes]


def _retrieval(outcomes: Sequence[Outcome], articles: Sequence[Article]) -> dict[str, dict[str, float]]:
    """Retrieval measures of each question.

    Only the pool of passages that were retrieved for some question is judged: no measure here depends on a passage
    that was not retrieved.
    """
    pool = [hit.passage for outcome in outcomes for hit in outcome.hits]
    qrels = qrels_of((outcome.question for outcome in outcomes), pool, articles)
    values = {outcome.question.query_id: {str(measure): 0.0 for measure in RETRIEVAL} for outcome in outcomes}
    for metric in ir_measures.iter_calc(RETRIEVAL, list(qrels), list(scored_docs(outcomes))):
        values[metric.query_id][str(metric.measure)] = float(metric.value)
    return values


def _score(outcome: Outcome, retrieval: Mapping[str, float], articles: Sequence[Article]) -> Score:
    question, answer = outcome.question, outcome.answer
    citations = answer.citations if answer else ()
    would_cite = (answer.nearest[:1] if answer.refused else citations) if answer else ()
    short = answer.short.text if answer and answer.short else ""
    return Score(
        question=question,
        error=outcome.error,
        answer=answer,
        retrieval=retrieval,
        holds_answer=answer is not None and not answer.refused and _holds(answer.text, question.answers),
        cited=len(citations),
        cited_evidence=sum(_on_evidence(citation, question) for citation in citations),
        valid_quotes=sum(_quotes_hold(citation, articles) for citation in citations),
        right_language=answer is not None
        and {answer.language, *(citation.language for citation in citations)} == {question.language},
        would_hit=any(_on_evidence(citation, question) for citation in would_cite),
        short_right=any(_holds(short, [accepted]) or _holds(accepted, [short]) for accepted in question.answers),
    )


def _holds(text: str, answers: Iterable[str]) -> bool:
    """Whether one of `answers` stands in `text` in whole words; case, spacing and kinds of apostrophe do not count."""
    plain = _plain(_MARKER.sub("", text))
    sought = filter(None, map(_plain, answers))  # nothing stands nowhere
    return any(re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", plain) for answer in sought)


def _plain(text: str) -> str:
    return " ".join(text.translate(_APOSTROPHES).casefold().split())


def _on_evidence(citation: Citation, question: Question) -> bool:
    return any(
        span.overlaps(citation.article_id, citation.source_start, citation.source_end) for span in question.evidence
    )


def _quotes_hold(citation: Citation, articles: Sequence[Article]) -> bool:
    article = next((article for article in articles if article.id == citation.article_id), None)
    return article is not None and all(
        language in article.editions and 0 <= start < end and article.text(language)[start:end] == quote
        for language, start, end, quote in (
            (citation.language, citation.start, citation.end, citation.quote),
            (citation.source_language, citation.source_start, citation.source_end, citation.source_quote),
        )
    )
