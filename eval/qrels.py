"""Relevance judgements: evidence to the passages that hold it.

A `doc_id` names a passage by the sentences in it, whatever the edition: a passage and its translation are one document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ir_measures import Qrel

if TYPE_CHECKING:
    from eval.questions import Question
    from qa import Article, Passage


def doc_id(passage: Passage) -> str:
    """`article:first-last`, the indexes of its first and last sentence."""
    return f"{passage.article_id}:{passage.sentences[0]}-{passage.sentences[-1]}"


def evidence_sentences(question: Question, articles: Sequence[Article]) -> frozenset[tuple[str, int]]:
    """The sentences that the evidence lies in, as article id and index."""
    return frozenset(
        (article.id, sentence.index)
        for article in articles
        for sentence in article.editions[article.original].sentences
        for span in question.evidence
        if span.overlaps(article.id, sentence.start, sentence.end)
    )


def qrels_of(questions: Iterable[Question], passages: Iterable[Passage], articles: Sequence[Article]) -> Iterator[Qrel]:
    """A judgement of every passage for every question: 1 where it holds a whole evidence sentence, 0 elsewhere."""
    documents = {doc_id(p): {(p.article_id, index) for index in p.sentences} for p in passages}
    for question in questions:
        wanted = evidence_sentences(question, articles)
        for document, sentences in documents.items():
            yield Qrel(question.query_id, document, int(not wanted.isdisjoint(sentences)))
