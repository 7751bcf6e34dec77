"""The words of the page: complete in both languages."""

from __future__ import annotations

import string
from dataclasses import fields

import pytest

from qa import Language
from qa.types import LANGUAGES
from ui.texts import LANGUAGE_NAMES, TEXTS, Texts, as_language, preferred_language


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty(language: Language) -> None:
    words = TEXTS[language]
    for field in fields(Texts):
        value = getattr(words, field.name)
        assert value, field.name
        assert all(part.strip() for part in (value if isinstance(value, tuple) else (value,))), field.name


def test_both_languages_have_the_same_placeholders_and_as_many_examples() -> None:
    for field in fields(Texts):
        french, english = (getattr(TEXTS[language], field.name) for language in LANGUAGES)
        if isinstance(french, tuple):
            assert len(french) == len(english), field.name
        else:
            assert _placeholders(french) == _placeholders(english), field.name


def test_no_text_was_left_untranslated() -> None:
    names = [field.name for field in fields(Texts)]
    same = {name for name in names if getattr(TEXTS["fr"], name) == getattr(TEXTS["en"], name)}
    assert same == {"original", "choose_article"}  # the words are the same in both languages


def test_every_language_names_itself() -> None:
    assert LANGUAGE_NAMES == {"fr": "Français", "en": "English"}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("de-DE,de;q=0.9,fr;q=0.5,en;q=0.3", "fr"),
        ("en;q=0.2, FR-ca;q=0.7", "fr"),
        ("fr;q=0", "en"),
        ("de", "en"),
        ("*", "en"),
        ("fr;q=oui", "en"),
        ("", "en"),
    ],
)
def test_the_language_follows_the_browser(header: str, language: str) -> None:
    assert preferred_language(header) == language


def test_an_unknown_language_is_replaced() -> None:
    assert as_language("de") == "en"
    assert as_language(None, "fr") == "fr"
    assert as_language("fr") == "fr"
