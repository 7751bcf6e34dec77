"""Questions as people type them: cleaned, checked, and the language to answer in."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from qa.errors import EmptyQuestion, QuestionTooLong, UnknownLanguage
from qa.language import detect_language
from qa.types import LANGUAGES, Language

_THIRD_LANGUAGE: dict[Language, str] = {
    "fr": "Passage répond en français ou en anglais. Votre question semble écrite dans une autre langue : "
    "voici la réponse en français.",
    "en": "Passage answers in French or English. Your question seems to be in another language: "
    "here is the answer in English.",
}


@dataclass(frozen=True, slots=True)
class CheckedQuestion:
    """A question that can be answered, cleaned of control characters."""

    text: str
    language: Language
    """The language to answer in."""
    written: Language | None
    """The language of its words; None where that is neither French nor English."""
    notice: str
    """What to tell the reader about the language; empty when there is nothing."""


def check_question(
    question: str,
    language: str | None,
    *,
    limit: int,
    interface_language: Language = "en",
    before: Language | None = None,
) -> CheckedQuestion:
    """The question made ready. Raises EmptyQuestion, QuestionTooLong (over `limit` characters) or UnknownLanguage.

    `before` is the language of the conversation so far, for words that tell nothing ("2023?").
    """
    if language is not None and language not in LANGUAGES:
        raise UnknownLanguage(interface_language, found=language)
    text = _clean(question)
    if not any(character.isalnum() for character in text):
        raise EmptyQuestion(language or interface_language)
    detected = detect_language(text[:1000], before or interface_language)
    if len(text) > limit:
        raise QuestionTooLong(language or detected.language, length=len(text), limit=limit)
    written = None if detected.third else detected.language
    if language is not None:
        return CheckedQuestion(text, language, written, "")
    notice = _THIRD_LANGUAGE[detected.language] if detected.third else ""
    return CheckedQuestion(text, detected.language, written, notice)


def _clean(question: str) -> str:
    """The question on one line, without control and formatting characters."""
    composed = unicodedata.normalize("NFC", question)
    kept = (character for character in composed if unicodedata.category(character) != "Cf")  # soft hyphens, joiners
    spaced = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Co") else c for c in kept)
    return " ".join(spaced.split())
