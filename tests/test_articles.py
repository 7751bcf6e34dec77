from __future__ import annotations

import hashlib
import os
import re

import pytest

from qa.articles import default_sources, load_article, load_articles
from qa.errors import (
    ArticleDescriptionError,
    ArticleEmpty,
    ArticleNotFound,
    ArticleNotText,
    ArticleUnreadable,
    EditionsNotAligned,
)
from qa.language import detect_language

SEED = default_sources()[0]


@pytest.fixture(scope="module")
def article():
    return load_article(SEED)


def test_the_original_is_byte_for_byte_as_it_was_given():
    digest = hashlib.sha256((SEED / "fr.txt").read_bytes()).hexdigest()
    assert digest == "c001af7c29adfa53809a01b8c7489f46acea6a6ca56358240480100852491041"


def test_editions_have_the_same_lines_and_sentences(article):
    french, english = article.editions["fr"], article.editions["en"]
    assert french.text.count("\n") == english.text.count("\n")
    assert [s.line for s in french.sentences] == [s.line for s in english.sentences]
    assert [s.kind for s in french.sentences] == [s.kind for s in english.sentences]


def test_editions_have_the_same_numbers_sentence_by_sentence(article):
    # Years, days and counts in figures: 2022, 2023, 2000, 17, 19, 24
    pairs = zip(article.editions["fr"].sentences, article.editions["en"].sentences, strict=True)
    numbers = [(re.findall(r"\d+", one.text), re.findall(r"\d+", other.text)) for one, other in pairs]
    assert all(one == other for one, other in numbers)
    assert sum(len(one) for one, _ in numbers) == 8


def test_editions_have_the_same_days_and_months(article):
    french, english = article.text("fr").lower(), article.text("en").lower()
    for one, other in (("lundi", "monday"), ("juin", "june"), ("septembre", "september"), ("mai ", "may ")):
        assert french.count(one) == english.count(other)


@pytest.mark.parametrize("name", ["Pyongyang", "Poutine/Putin", "Jong-un/Jong-un", "Jong-il/Jong-il", "ONU/UN "])
def test_editions_name_the_same_people_and_places(article, name):
    one, _, other = name.partition("/")
    assert one in article.text("fr")
    assert (other or one) in article.text("en")


def test_no_line_of_the_english_edition_is_left_in_french(article):
    for sentence in article.editions["en"].sentences:
        assert detect_language(sentence.text).language == "en"
        assert not re.search(r"[éèêàùçôîœ«»]", sentence.text)


def test_default_article_is_loaded_where_no_source_is_named():
    assert [article.id for article in load_articles(())] == ["russie-coree-du-nord"]


def test_a_text_file_is_an_article_in_its_own_language(text_file):
    article = load_article(text_file("The cat sat on the mat. It was happy there.", "my cat.txt"))
    assert (article.id, article.original, list(article.editions)) == ("my-cat", "en", ["en"])


def test_a_byte_order_mark_keeps_offsets_true(text_file):
    article = load_article(text_file("\ufeffLe chat dort. Il rêve.".encode()))
    first = article.editions["fr"].sentences[0]
    assert (first.start, first.text) == (1, "Le chat dort.")


def test_missing_file_is_said(tmp_path):
    with pytest.raises(ArticleNotFound, match="no article at"):
        load_article(tmp_path / "none.txt")


def test_wrong_encoding_is_said_with_the_byte(text_file):
    with pytest.raises(ArticleNotText, match="byte 2 is 0xe9"):
        load_article(text_file("L'été".encode("latin1")))


@pytest.mark.parametrize("content", [b"\xff\xfeL\x00e\x00", b"Le\x00 chat"])
def test_binary_and_utf16_are_no_text(text_file, content):
    with pytest.raises(ArticleNotText):
        load_article(text_file(content))


@pytest.mark.parametrize("content", ["", " \n\n", "https://example.org/a\n- |\n"])
def test_a_file_without_a_sentence_is_said(text_file, content):
    with pytest.raises(ArticleEmpty):
        load_article(text_file(content))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_unreadable_file_is_said(text_file):
    path = text_file("Le chat dort.")
    path.chmod(0)
    with pytest.raises(ArticleUnreadable, match="permissions"):
        load_article(path)


def test_a_folder_needs_its_description(tmp_path):
    with pytest.raises(ArticleDescriptionError, match="no such file"):
        load_article(tmp_path)


@pytest.mark.parametrize("description", ["original = ", 'original = "de"', ""])
def test_a_bad_description_is_said(tmp_path, description):
    (tmp_path / "article.toml").write_text(description)
    with pytest.raises(ArticleDescriptionError):
        load_article(tmp_path)


def test_editions_that_do_not_match_are_said_with_the_line(tmp_path):
    (tmp_path / "article.toml").write_text('original = "fr"')
    (tmp_path / "fr.txt").write_text("Un titre\nUne phrase. Deux phrases.")
    (tmp_path / "en.txt").write_text("A title\nOne sentence.")
    with pytest.raises(EditionsNotAligned, match="line 2 has 2 and 1 sentences"):
        load_article(tmp_path)


def test_two_articles_of_one_id_are_said(text_file):
    path = text_file("Le chat dort.")
    with pytest.raises(ArticleDescriptionError, match="is taken by"):
        load_articles([path, path])
