"""Article to passages: runs of whole sentences within a paragraph, of a size that the embedding model reads well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby

from qa.types import Article, Edition, Passage

CountTokens = Callable[[str], int]


def split_passages(article: Article, limit: int, count_tokens: CountTokens) -> tuple[Passage, ...]:
    """The passages of every edition; the n-th of one edition holds the same sentences as the n-th of another.

    A passage is a run of whole sentences of one paragraph, at most `limit` tokens long in any edition. A paragraph
    that is longer is split, each passage beginning with the last sentence of the one before. A heading goes with the
    paragraph under it, and neighbouring bullets go together. A sentence longer than `limit` is a passage by itself.
    """
    runs = tuple(_runs(article, limit, count_tokens))
    return tuple(make_passage(article.id, edition, run) for edition in article.editions.values() for run in runs)


def make_passage(article_id: str, edition: Edition, sentences: tuple[int, ...]) -> Passage:
    """The passage of `edition` from the first of `sentences` to the last."""
    start, end = edition.sentences[sentences[0]].start, edition.sentences[sentences[-1]].end
    return Passage(article_id, edition.language, start, end, edition.text[start:end], sentences)


def _runs(article: Article, limit: int, count_tokens: CountTokens) -> Iterator[tuple[int, ...]]:
    sizes = [
        max(count_tokens(edition.sentences[index].text) for edition in article.editions.values())
        for index in range(len(article.editions[article.original].sentences))
    ]
    for paragraph in _paragraphs(article.editions[article.original]):
        run: list[int] = []
        for index in paragraph:
            if run and sum(sizes[i] for i in run) + sizes[index] > limit:
                yield tuple(run)
                overlap = run[-1]
                run = [overlap] if len(run) > 1 and sizes[overlap] + sizes[index] <= limit else []
            run.append(index)
        yield tuple(run)


def _paragraphs(edition: Edition) -> Iterator[list[int]]:
    """Sentence indexes of each paragraph: a line, a run of bullets, or a heading and the line under it."""
    headings: list[int] = []
    for (kind, _), group in groupby(edition.sentences, lambda s: (s.kind, None if s.kind == "bullet" else s.line)):
        indexes = [sentence.index for sentence in group]
        if kind == "heading":
            headings += indexes
        else:
            yield headings + indexes
            headings = []
    if headings:
        yield headings
