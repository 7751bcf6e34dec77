from __future__ import annotations

import pytest

from qa.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Quand la visite a-t-elle été annoncée ?", "fr"),
        ("When was the visit announced?", "en"),
        ("visite annoncée quand", "fr"),
        ("limousine cadeau Kim", "fr"),
        ("nuclear programme NATO", "en"),
        ("Pourquoi l’Occident s’inquiète ?", "fr"),
        ("who gave the car", "en"),
        ("Which countries border Switzerland?", "en"),
        ("Who wrote Les Misérables?", "en"),
        ("Qui a écrit The Great Gatsby ?", "fr"),
        ("WHEN WAS THE VISIT ANNOUNCED?", "en"),
        ("Where was Dr. Agnes Matilda Kalibata born?", "en"),
    ],
)
def test_french_or_english(text, language):
    found = detect_language(text)
    assert (found.language, found.third) == (language, False)


@pytest.mark.parametrize("fallback", ["fr", "en"])
def test_names_alone_and_no_letters_are_in_the_language_of_the_interface(fallback):
    assert detect_language("2024 ?", fallback).language == fallback
    assert detect_language("Kim", fallback).language == fallback


@pytest.mark.parametrize(
    ("text", "closer"),
    [
        ("¿Cuándo llegó Putin a Pyongyang?", "fr"),
        ("Quando è arrivato Putin a Pyongyang?", "fr"),
        ("Wann ist der russische Präsident angekommen?", "en"),
        ("Когда приехал Путин?", "en"),
        ("普京什么时候到达平壤？", "en"),
    ],
)
def test_a_third_language_is_told_and_answered_in_the_closer_one(text, closer):
    found = detect_language(text)
    assert (found.language, found.third) == (closer, True)
