"""Which language a question is in: French or English, or a third that Passage does not answer in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from qa.types import Language

if TYPE_CHECKING:
    from lingua import LanguageDetector

_WORD = re.compile(r"[^\W\d_]+")
_NAME = re.compile(r"(?<=\w\s)(?=[^\W\d_])[A-ZÀ-ÖØ-Þ]\w*")

# Function words of one language that are not words of the other.
_FRENCH = frozenset(
    "à au aux avec ce ces cela cet cette c ça combien comment d dans de des du elle elles en est et eu il ils j je l "
    "la le les leur leurs lequel laquelle lui ma mais mes mon même n ne nous où par parle pas pendant peut plus pour "
    "pourquoi q qu quand que quel quelle quelles quels quelqu qui quoi s sa sans selon ses son sont sous sur ta te tes "
    "ton tu un une va vers vos votre vous y était étaient été être fait lors depuis entre t".split()
)
_ENGLISH = frozenset(
    "about after all an and any are as at be been before between but by can could did do does during for from had has "
    "have he her his how i if in into is it its many much of or over she should since than that the their them there "
    "they this those to under up us was we were what when where which while who whom whose why will with would you "
    "your my me not".split()
)
# Words that a question in a third language does not hold.
_CERTAIN = frozenset(
    "what when where which who whom whose why how did does the were are "
    "quand pourquoi comment combien où quel quelle quels quelles quoi est été sont était".split()
)
_ROMANCE = frozenset({"SPANISH", "ITALIAN", "PORTUGUESE", "CATALAN", "ROMANIAN", "LATIN"})
_LATIN_SCRIPT = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿĀ-ſƀ-ɏ]")
_THIRD_CERTAIN = 0.85
_THIRD_WORDS = 3


@dataclass(frozen=True, slots=True)
class Detection:
    """The language to answer in, and whether the text is really in a third one."""

    language: Language
    third: bool = False
    """The text is in neither French nor English; `language` is the closer of the two."""


def detect_language(text: str, fallback: Language = "en") -> Detection:
    """The language of `text`; `fallback` where nothing tells, as in a question made of names only.

    A vote of function words decides first; lingua's n-gram models, restricted to French, English and their
    neighbours, decide the rest.
    """
    if not any(character.isalpha() for character in text):
        return Detection(fallback)
    if not is_latin(text):
        return Detection("en", third=True)
    words = _WORD.findall(text.lower())
    common = " ".join(_NAME.sub(" ", text).split())  # names tell nothing, and mislead: "Who wrote Les Misérables?"
    french, english = _votes(_WORD.findall(common.lower()))
    if french == english:
        french, english = _votes(words)
    third = None if _CERTAIN.intersection(words) else _third(common)
    if third:
        return Detection("fr" if third in _ROMANCE else "en", third=True)
    if french != english:
        return Detection("fr" if french > english else "en")
    values = {value.language.name: value.value for value in _pair().compute_language_confidence_values(text)}
    difference = values["FRENCH"] - values["ENGLISH"]
    if len(words) < _THIRD_WORDS and abs(difference) < 0.5:
        return Detection(fallback)
    return Detection("fr" if difference > 0 else "en")


def is_latin(text: str) -> bool:
    """Whether at least half of a text's letters are of the Latin script."""
    letters = [character for character in text if character.isalpha()]
    return 2 * sum(bool(_LATIN_SCRIPT.match(letter)) for letter in letters) >= len(letters)


def _votes(words: Sequence[str]) -> tuple[int, int]:
    """How many of `words` are French function words, and how many English ones."""
    return sum(word in _FRENCH for word in words), sum(word in _ENGLISH for word in words)


def _third(common: str) -> str | None:
    """The name of the language of a text without its names when that is surely neither French nor English."""
    if len(_WORD.findall(common)) < _THIRD_WORDS:
        return None
    best = _neighbours().compute_language_confidence_values(common)[0]
    if best.language.name in ("FRENCH", "ENGLISH") or best.value < _THIRD_CERTAIN:
        return None
    return best.language.name


@cache
def _pair() -> LanguageDetector:
    from lingua import Language as Known
    from lingua import LanguageDetectorBuilder

    return LanguageDetectorBuilder.from_languages(Known.FRENCH, Known.ENGLISH).with_low_accuracy_mode().build()


@cache
def _neighbours() -> LanguageDetector:
    from lingua import Language as Known
    from lingua import LanguageDetectorBuilder

    known = (
        "FRENCH ENGLISH SPANISH ITALIAN PORTUGUESE CATALAN ROMANIAN LATIN GERMAN DUTCH SWEDISH DANISH POLISH TURKISH"
    )
    languages = (getattr(Known, name) for name in known.split())
    return LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode().build()
