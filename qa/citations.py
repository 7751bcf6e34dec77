"""Sentences to citations, each checked against the files that it points into."""

from __future__ import annotations

from qa.errors import QAError
from qa.passages import make_passage
from qa.retrieval import SentenceHit
from qa.types import Article, Citation, Language


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
