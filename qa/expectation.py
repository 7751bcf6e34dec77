"""What kind of answer a question asks for, and whether a sentence holds one: a weak sign, weighed in evidence.py."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Literal, TypeAlias

Expectation: TypeAlias = Literal["time", "number", "person", "place", "reason", "open"]

_ASKS: tuple[tuple[Expectation, str], ...] = (
    (
        "number",
        r"\b(combien|how many|how much|how long|how often|how old|quel âge|quel nombre|quelle quantité|number of"
        r"|nombre de|quelle durée|how large|how big|how far|what percentage|quel pourcentage)\b",
    ),
    (
        "time",
        r"\b(quand|when|what (?:year|date|day|month|time)|which (?:year|date|day|month)|en quelle année|quelle année"
        r"|quel jour|quel mois|quelle date|quelle heure|à quel moment|depuis quand|since when|date|année|year)\b",
    ),
    ("reason", r"\b(pourquoi|why|pour quelle raison|pour quelles raisons|what reason|how come|à cause de quoi)\b"),
    ("place", r"\b(où|where|quelle ville|which city|what city|quel endroit|dans quel pays|which country)\b"),
    ("person", r"\b(who|whom|whose|qui|quel dirigeant|quelle personne|which leader|quel président|which president)\b"),
)

_MONTHS = (
    "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|january|february|march"
    "|april|may|june|july|august|september|october|november|december"
)
_DAYS = "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_NUMBER_WORDS = (
    "deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|vingt|trente|quarante|cinquante|soixante|cent|cents"
    "|mille|million|millions|milliard|milliards|two|three|four|five|seven|eight|nine|ten|eleven|twelve|twenty|thirty"
    "|forty|fifty|sixty|hundred|thousand|billion|première fois|first time"
)
_HOLDS: dict[Expectation, str] = {
    "time": (
        rf"\b(1\d{{3}}|20\d\d|{_MONTHS}|{_DAYS}|années?|years?|siècle|century"
        r"|dernière fois|last time|depuis|since)\b"
    ),
    "number": rf"\d|\b({_NUMBER_WORDS})\b",
    "reason": (
        r"\b(parce qu|car|puisque|en raison|à cause|grâce|afin|pour|visant|permet|raison|tentative|suite à|après"
        r"|because|due to|since|in order|so that|owing|thanks to|attempt|after|as a result|for its|to)\b"
    ),
    "place": r"\b(à|en|au|aux|dans|in|at|to|from|near)\s+(?:l[ae’'] ?)?[A-ZÀ-Ý]",
    "person": (
        r"(?<!^)(?<![.!?«“] )\b[A-ZÀ-Ý][a-zà-ÿ-]+(?:\s+[A-ZÀ-Ý][a-zà-ÿ-]+)+"
        r"|président|dictateur|president|dictator"
    ),
}


_TEXT_FR = r"(?:l'|le |ce |cet |cette |la )(?:article|texte|document|page)"
_TEXT_EN = r"(?:the|this) (?:article|text|document|page)"
_GIST = re.compile(
    rf"(?:de quoi (?:parle|traite)(?:-t-il)? {_TEXT_FR}"
    rf"|de quoi (?:est-il question|s'agit-il) dans {_TEXT_FR}"
    r"|quel est le (?:sujet|thème|propos)(?: principal)? (?:de |du )(?:l'|ce |cet )?(?:article|texte|document)"
    rf"|what(?:'s| is) {_TEXT_EN} about"
    rf"|what does {_TEXT_EN} talk about"
    rf"|what(?:'s| is) the (?:main )?(?:topic|subject) of {_TEXT_EN})[\s?.!]*"
)


def asks_for_gist(question: str) -> bool:
    """Whether a question asks what the article as a whole is about."""
    return bool(_GIST.fullmatch(question.lower().replace("’", "'").strip()))


_YES_NO = re.compile(
    r"(?:(?:et|mais|alors|donc|and|but|so|well),? )?(?:est-ce que|est-ce qu'|y a-t-il|"
    r"(?:is|are|was|were|did|does|do|has|have|had|can|could|will|would|should|must) )"
    r"|(?!qu|comment|où|quand|combien|pourquoi|à |de |depuis|en |dans |par |pour |selon|sur |avec )"
    r"(?:[^,?]*, )?(?:(?:le|la|les|l'|un|une|des|ce|cet|cette|ces|son|sa|ses|leurs?) ?)?"
    r"(?:[^\s?]+ ){0,8}[\w']+-(?:t-)?(?:il|elle|ils|elles|on)\b"
)


def asks_yes_no(question: str) -> bool:
    """Whether a question is to be answered by yes or no, as far as its form tells."""
    text = question.lower().replace("’", "'").strip()
    return bool(_YES_NO.match(text)) and not re.search(r" (?:ou|or) ", text) and expectation_of(question) == "open"


@lru_cache(maxsize=64)
def expectation_of(question: str) -> Expectation:
    """What a question asks for; "open" where its words don't tell."""
    text = question.lower().replace("’", "'")
    return next((kind for kind, asks in _ASKS if re.search(asks, text)), "open")


def meets(expectation: Expectation, sentence: str) -> float:
    """1 where `sentence` holds what is asked for, 0 where it does not, 0.5 for an open question."""
    if expectation == "open":
        return 0.5
    return float(bool(_holds(expectation).search(sentence)))


@cache
def _holds(expectation: Expectation) -> re.Pattern[str]:
    cased = expectation in ("place", "person")
    return re.compile(_HOLDS[expectation], 0 if cased else re.IGNORECASE)
