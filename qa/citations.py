"""Sentences to citations, each checked against the files that it points into."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qa.errors import QAError
from qa.passages import make_passage
from qa.types import Answer, Article, Citation, Language

if TYPE_CHECKING:
    from qa.retrieval import SentenceHit


def cite(number: int, found: SentenceHit, language: Language, score: float) -> Citation:
    """The citation of a sentence in the edition of `language` (or the original), with the original beside it."""
    article = found.article
    quoted, source = found.sentence(language), article.editions[article.original].sentences[found.index]
    edition = article.edition(language)
    citation = Citation(
        number=number,
        article_id=article.id,
        passage_id=make_passage(article.id, edition, found.hit.passage.sentences).id,
        language=edition.language,
        quote=quoted.text,
        start=quoted.start,
        end=quoted.end,
        source_language=article.original,
        source_quote=source.text,
        source_start=source.start,
        source_end=source.end,
        score=score,
    )
    verify(citation, article)
    return citation


def verify(citation: Citation, article: Article) -> None:
    """Raise QAError unless both quotes stand in the article's files, letter for letter, where the citation says."""
    for language, start, end, quote in (
        (citation.language, citation.start, citation.end, citation.quote),
        (citation.source_language, citation.source_start, citation.source_end, citation.source_quote),
    ):
        if not quote or article.text(language)[start:end] != quote:
            detail = f"citation {citation.number} does not match {article.id} ({language} {start}-{end})"
            raise QAError(detail=detail)


def short_span(answer: Answer) -> tuple[int, int] | None:
    """First and last character of the short answer in `answer.text`; None where its sentence is not quoted there."""
    short = answer.short
    if short is None:
        return None
    done = 0
    # From the first: a quote may hold another one, marker and all, but it stands behind those cited before it.
    for citation in sorted(answer.citations, key=lambda citation: citation.number):
        quoted = re.compile(rf"{re.escape(citation.quote)}\s*\[{citation.number}\]").search(answer.text, done)
        if quoted and citation.number == short.citation:
            first, last = short.start - citation.start, short.end - citation.start
            if first < 0 or not short.text or citation.quote[first:last] != short.text:
                return None
            return quoted.start() + first, quoted.start() + last
        done = quoted.end() if quoted else done
    return None
