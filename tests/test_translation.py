"""Translated editions: aligned, checked, resumed, and never over a file that is there."""

from __future__ import annotations

import re

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from qa import Settings, load_article
from qa.chat_model import ChatModel
from qa.errors import ChatModelFailed, EditionExists
from qa.translation import faults_of, translate

FRENCH = "Un titre\nLe maire est venu à Paris le 3 mai.Il a vu 12 ponts.\n\n- Le pont est fermé.\n"
ENGLISH = {
    "Un titre": "A heading",
    "Le maire est venu à Paris le 3 mai.": "The mayor came to Paris on 3 May.",
    "Il a vu 12 ponts.": "He saw 12 bridges.",
    "Le pont est fermé.": "The bridge is closed.",
}


class Scripted(GenericFakeChatModel):
    """Answers each sentence from a dictionary; what is missing there ends the model."""

    translations: dict[str, list[str]]
    asked: list[str]

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        sentence = re.search(r"Translate: (.*)", messages[-1].content)[1]
        self.asked.append(sentence)
        if not self.translations.get(sentence):
            raise ConnectionError("gone")
        known = self.translations[sentence]
        self.messages = iter([AIMessage(known.pop(0) if len(known) > 1 else known[0])])
        return super()._generate(messages, stop, run_manager, **kwargs)


def model(**changes):
    known = {source: [target] for source, target in ENGLISH.items()} | changes.pop("say", {})
    known["article"] = ["article"]
    chat = Scripted(messages=iter([]), translations=known, asked=[])
    return ChatModel(chat, Settings()), chat


def test_an_edition_is_aligned_line_by_line_and_sentence_by_sentence(text_file, tmp_path):
    article = load_article(text_file(FRENCH))
    report = translate(article, "en", model()[0], tmp_path / "out")
    assert report.edition.read_text() == (
        "A heading\nThe mayor came to Paris on 3 May. He saw 12 bridges.\n\n- The bridge is closed.\n"
    )
    assert (report.sentences, report.doubtful, report.review) == (4, 0, None)
    both = load_article(tmp_path / "out")
    assert set(both.editions) == {"fr", "en"}
    assert both.original == "fr"
    assert both.text("fr") == FRENCH


def test_a_lost_number_is_asked_for_again_then_listed(text_file, tmp_path):
    say = {"Il a vu 12 ponts.": ["He saw bridges.", "He saw 13 bridges."]}
    report = translate(load_article(text_file(FRENCH)), "en", model(say=say)[0], tmp_path / "out")
    assert report.doubtful == 1
    review = report.review.read_text()
    assert "en.txt:2 — missing: 12" in review
    assert "Il a vu 12 ponts." in review


def test_a_translation_of_two_sentences_stays_one(text_file, tmp_path):
    say = {"Le pont est fermé.": ["The bridge. It is closed."]}
    report = translate(load_article(text_file(FRENCH)), "en", model(say=say)[0], tmp_path / "out")
    assert report.edition.read_text().endswith("- The bridge; It is closed.\n")
    assert report.doubtful == 1
    load_article(tmp_path / "out")


def test_a_sentence_that_is_never_translated_is_left_and_listed(text_file, tmp_path):
    say = {"Le pont est fermé.": ["…"]}
    report = translate(load_article(text_file(FRENCH)), "en", model(say=say)[0], tmp_path / "out")
    assert "- Le pont est fermé." in report.edition.read_text()
    assert "nothing was written" in report.review.read_text()


def test_a_run_that_was_stopped_goes_on_where_it_was(text_file, tmp_path):
    article = load_article(text_file(FRENCH))
    broken = model(say={"Il a vu 12 ponts.": []})[0]
    with pytest.raises(ChatModelFailed):
        translate(article, "en", broken, tmp_path / "out")
    assert not (tmp_path / "out" / "en.txt").exists()
    again, chat = model()
    translate(article, "en", again, tmp_path / "out")
    assert "Un titre" not in chat.asked
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["article.toml", "en.txt", "fr.txt"]


def test_an_edition_is_made_beside_the_file_itself_but_not_beside_another_article(text_file, tmp_path):
    article = load_article(text_file(FRENCH, "fr.txt"))
    translate(article, "en", model()[0], article.path.parent)
    assert load_article(article.path.parent).text("fr") == FRENCH
    other = tmp_path / "other"
    other.mkdir()
    (other / "fr.txt").write_text("Un autre article.")
    with pytest.raises(EditionExists):
        translate(article, "en", model()[0], other)
    assert (other / "fr.txt").read_text() == "Un autre article."


@pytest.mark.parametrize("titles", ['title = { fr = "Un titre" }', '[title] # both\nfr = "Un titre"'])
def test_the_title_is_added_to_a_description_in_any_form(text_file, titles):
    file = text_file(FRENCH, "fr.txt")
    (file.parent / "article.toml").write_text(f'id = "x"\noriginal = "fr"\n{titles}\n', encoding="utf-8")
    translate(load_article(file.parent), "en", model()[0])
    assert load_article(file.parent).title["en"] == "A heading"


def test_a_translation_into_another_language_is_a_fault():
    assert faults_of("Le maire est venu.", "市长昨天来看了这座城市的大桥，他很高兴。", "en")
    assert faults_of(
        "The mayor came to see the bridge of the town.", "El alcalde vino a ver el puente de la ciudad.", "fr"
    )


def test_an_edition_that_is_there_is_kept_unless_forced(text_file, tmp_path):
    article = load_article(text_file(FRENCH))
    translate(article, "en", model()[0], tmp_path / "out")
    (tmp_path / "out" / "en.txt").write_text("corrected by hand")
    with pytest.raises(EditionExists):
        translate(article, "en", model()[0], tmp_path / "out")
    assert (tmp_path / "out" / "en.txt").read_text() == "corrected by hand"
    translate(article, "en", model()[0], tmp_path / "out", force=True)
    assert set(load_article(tmp_path / "out").editions) == {"fr", "en"}


@pytest.mark.parametrize(
    ("source", "translation", "fault"),
    [
        ("Il est venu le 3 mai.", "", "nothing was written"),
        ("Le maire est venu voir le pont.", "Le maire est venu voir le pont.", "not in English"),
        ("Il a vu Lyon.", "He saw Nice.", "missing: Lyon"),
        ("Il est venu en juin.", "He came in July.", "June"),
        ("Il est venu.", "He came. He left.", "not one sentence"),
        ("Il est venu.", "He came to the town, which has many bridges and a long history of trade.", "length"),
    ],
)
def test_faults_are_told(source, translation, fault):
    assert any(fault in told for told in faults_of(source, translation, "en"))
