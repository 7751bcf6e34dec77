from __future__ import annotations

import pytest

from qa.lexical import Lexicon, spaced

TEXTS = ["La visite a été annoncée lundi.", "Le président est arrivé à Pyongyang.", "L'invasion deUkraine en 2022."]


@pytest.fixture
def lexicon():
    return Lexicon(TEXTS, "fr")


def best(lexicon, question):
    scores = lexicon.scores(question)
    return int(scores.argmax()) if scores.any() else None


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("Quand la visite fut-elle annoncée ?", 0),
        ("quand a ete annoncee la visite", 0),  # no accents
        ("l'arrivée du président", 1),
        ("invasion de l'Ukraine", 2),  # found in "deUkraine"
        ("2022", 2),
        ("Quand est-ce que ?", None),  # stop words only
        ("fromage", None),
        ("", None),
    ],
)
def test_the_text_that_shares_words_comes_first(lexicon, question, place):
    assert best(lexicon, question) == place


def test_overlap_is_the_weighted_share_of_the_questions_terms(lexicon):
    # "visite" is in text 0 alone, "fromage" in none: rarities ln(1 + 2.5/1.5) = 0.981 and ln(1 + 3.5/0.5) = 2.079,
    # so text 0 holds 0.981 / (0.981 + 2.079) = 0.3205 of the question
    assert lexicon.overlaps("visite fromage").tolist() == pytest.approx([0.3205, 0, 0], abs=1e-3)


def test_english_stems():
    lexicon = Lexicon(["They announced visits.", "Nothing here."], "en")
    assert best(lexicon, "When was the visit being announced?") == 0


def test_texts_of_stop_words_only_have_no_scores():
    assert Lexicon(["et le la", "de"], "fr").scores("le chat").tolist() == [0, 0]


def test_glued_words_are_put_apart():
    assert (
        spaced("militairementUkraine et deUkraine, Kim Jong-un") == "militairement Ukraine et de Ukraine, Kim Jong-un"
    )
