"""Questions that ask for a quantity, and whether a sentence gives one of that kind.

"How many soldiers…?" is answered by a number of soldiers, not by any number: without one, the article does not say.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

_NUMBER = (
    r"\d[\d.,\u202f\u00a0]*|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingt|"
    r"trente|quarante|cinquante|soixante|cent|cents|mille|centaines?|milliers?|dizaines?|douzaines?|millions?|"
    r"milliards?|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|twenty|thirty|"
    r"forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|billions?|dozens?|plusieurs|several|both|aucun|aucune"
)
_WORD = re.compile(r"\w+")
_UNITS = (
    ("an", "ans", "annee", "annees", "year", "years"),
    ("jour", "jours", "journee", "journees", "day", "days"),
    ("mois", "month", "months"),
    ("semaine", "semaines", "week", "weeks"),
    ("heure", "heures", "hour", "hours"),
    ("minute", "minutes"),
    ("siecle", "siecles", "century", "centuries"),
)
_TIME = frozenset(word for unit in _UNITS for word in unit)
_DISTANCE = frozenset("km kilometre kilometres kilometer kilometers metre metres meter meters mile miles".split())
_AGE = re.compile(
    r"\b(age de \d|age d|ne le|nee le|ne en|nee en|years? old|year-old|aged|born|ans d'age|\d+ ans,|agee? de)\b"
)
_NEAR = 3
"""Words between a number and what it counts, at most: "24 long years"."""

_ASKS_AGE = re.compile(r"\bhow old\b|\bquel (?:est l'|est son )?age\b|\bwhat age\b|\bl'age (?:de|du)\b")
_ASKS_DURATION = re.compile(
    r"\bhow long\b|\bcombien de temps\b|\bquelle (?:est la |a ete la |fut la )?duree\b|\bdepuis combien\b"
)
_ASKS_DISTANCE = re.compile(r"\bhow far\b|\bquelle distance\b|\bcombien de (?:km|kilometres)\b")
# "How many North Korean soldiers are…": the word before the verb. "How many people attended…": one of the first three.
_ASKS_COUNT = (
    re.compile(r"\b(?:combien|nombre) d(?:e |')(?:nouveaux |nouvelles |autres |grands |grandes )?(\w+)"),
    re.compile(
        r"\b(?:how many|number of) (?:\w+[ -]){0,3}?(\w+) (?:is|are|was|were|has|have|had|do|does|did|will|can|would)\b"
    ),
    re.compile(r"\b(?:how many|number of) (\w+(?:[ -]\w+){0,2})"),
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is to be counted or measured."""

    kind: Literal["count", "duration", "age", "distance"]
    counted: frozenset[str] = frozenset()
    """Beginnings of the words of which a number must stand before one; of a count only."""


@lru_cache(maxsize=64)
def asked_quantity(question: str) -> Quantity | None:
    """The quantity that a question asks for; None where it asks for none, or does not say of what."""
    text = _plain(question)
    if _ASKS_AGE.search(text):
        return Quantity("age")
    if _ASKS_DURATION.search(text):
        return Quantity("duration")
    if _ASKS_DISTANCE.search(text):
        return Quantity("distance")
    counts = (asks.search(text) for asks in _ASKS_COUNT)
    nouns = next((_WORD.findall(count[1]) for count in counts if count), [])
    return Quantity("count", frozenset(map(_beginning, nouns))) if nouns else None


def gives_quantity(quantity: Quantity, sentence: str) -> bool:
    """Whether a sentence in the question's language gives a quantity of the kind asked for."""
    text = _plain(sentence)
    if quantity.kind == "age":
        return bool(_AGE.search(text))
    words = _WORD.findall(text)
    if quantity.kind == "duration" and {"depuis", "since"}.intersection(words):
        return True
    return any(
        any(_is_counted(word, quantity) for word in words[place + 1 : place + 1 + _NEAR])
        for place, number in enumerate(words)
        if re.fullmatch(_NUMBER, number)
    )


def _is_counted(word: str, quantity: Quantity) -> bool:
    if quantity.kind == "duration":
        return word in _TIME
    if quantity.kind == "distance":
        return word in _DISTANCE
    return _beginning(word) in quantity.counted


def _beginning(word: str) -> str:
    """The first letters of a word, by which its forms are taken for one; the same for all words of a unit."""
    return next((unit[0] for unit in _UNITS if word in unit), word[:5])


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    """Lower case, without accents, straight apostrophes."""
    decomposed = unicodedata.normalize("NFD", text.lower().replace("’", "'"))
    return "".join(character for character in decomposed if not unicodedata.combining(character))
