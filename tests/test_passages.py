from __future__ import annotations

import pytest

from qa.articles import default_sources, load_article
from qa.passages import split_passages


def words(text):
    return len(text.split())


@pytest.fixture(scope="module")
def article():
    return load_article(default_sources()[0])


@pytest.mark.parametrize("limit", [20, 60, 500])
def test_passages_are_whole_sentences_and_hold_every_sentence(article, limit):
    passages = split_passages(article, limit, words)
    for language, edition in article.editions.items():
        own = [passage for passage in passages if passage.language == language]
        assert {index for passage in own for index in passage.sentences} == set(range(len(edition.sentences)))
        for passage in own:
            first, last = edition.sentences[passage.sentences[0]], edition.sentences[passage.sentences[-1]]
            assert (passage.start, passage.end) == (first.start, last.end)
            assert edition.text[passage.start : passage.end] == passage.text
            assert passage.id == f"{article.id}:{language}:{passage.start}-{passage.end}"


def test_passages_of_both_editions_hold_the_same_sentences(article):
    passages = split_passages(article, 60, words)
    by_language = [[p.sentences for p in passages if p.language == language] for language in ("fr", "en")]
    assert by_language[0] == by_language[1]


def test_a_long_paragraph_is_split_with_one_sentence_of_overlap(text_file):
    # 4 words a sentence, at most 8: each passage two sentences, beginning with the last of the one before
    article = load_article(text_file("A b c d. E f g h. I j k l. M n o p."))
    assert [p.sentences for p in split_passages(article, 8, words)] == [(0, 1), (1, 2), (2, 3)]


def test_a_sentence_over_the_limit_is_a_passage_by_itself(text_file):
    article = load_article(text_file("Un. Deux trois quatre cinq six sept huit neuf. Dix."))
    assert [p.sentences for p in split_passages(article, 4, words)] == [(0,), (1,), (2,)]


def test_a_passage_never_leaves_its_paragraph_but_takes_the_heading_along(text_file):
    article = load_article(text_file("Un titre\nUne phrase.\nUne autre phrase."))
    assert [p.sentences for p in split_passages(article, 100, words)] == [(0, 1), (2,)]


def test_a_heading_at_the_end_is_not_lost(text_file):
    article = load_article(text_file("Une phrase.\nUn titre"))
    assert [p.sentences for p in split_passages(article, 100, words)] == [(0,), (1,)]
