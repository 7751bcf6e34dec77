from __future__ import annotations

import pytest

from qa.errors import EmptyQuestion, QuestionTooLong, UnknownLanguage
from qa.question import check_question


@pytest.mark.parametrize("question", ["", "   ", "\n\t", "???", "🙂🎉", "\x00\x07\u200b", "« … »"])
def test_a_question_without_words_is_said_with_what_to_do(question):
    with pytest.raises(EmptyQuestion, match="Write a question"):
        check_question(question, None, limit=2000)


def test_the_error_is_in_the_language_of_the_interface():
    with pytest.raises(EmptyQuestion, match="Écrivez une question"):
        check_question(" ", None, limit=2000, interface_language="fr")


def test_a_huge_question_is_said_in_its_own_language():
    with pytest.raises(QuestionTooLong, match="50000 caractères ; 2000 au plus"):
        check_question("Quand est-ce ? " * 3333 + "Quand", None, limit=2000)


def test_an_unknown_language_is_said():
    with pytest.raises(UnknownLanguage, match="“de” is not a language"):
        check_question("Wann?", "de", limit=2000)


def test_control_characters_are_taken_out():
    checked = check_question("When\x00 was\x1b the\u202e visit\n\nannounced?", None, limit=2000)
    assert checked.text == "When was the visit announced?"


def test_soft_hyphens_and_decomposed_accents_make_no_difference():
    checked = check_question("Quand Pou\u00adtine est-il arrive\u0301 ?", None, limit=2000)
    assert checked.text == "Quand Poutine est-il arrivé ?"


def test_markup_stays_text():
    assert check_question("<script>alert(1)</script> when?", None, limit=2000).text == "<script>alert(1)</script> when?"


def test_a_third_language_brings_a_notice_in_the_language_of_the_answer():
    checked = check_question("¿Cuándo llegó Putin a Pyongyang?", None, limit=2000)
    assert checked.language == "fr"
    assert "en français" in checked.notice


def test_the_language_asked_for_wins_and_needs_no_notice():
    checked = check_question("¿Cuándo llegó Putin a Pyongyang?", "en", limit=2000)
    assert (checked.language, checked.notice) == ("en", "")
