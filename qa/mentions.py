"""The numbers, dates and names of a text, in a form that is the same in French and English.

"June 17" and "17 juin" mention the same, so do "twenty-four years" and "24 ans", "NATO" and "l’OTAN".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import takewhile

from babel.dates import get_day_names, get_month_names

from qa.language import detect_language
from qa.lexical import spaced
from qa.types import LANGUAGES, Language

_NUMBER = re.compile(r"(?<!\d)\d{1,3}(?:[ \u00a0\u202f.,]\d{3})+(?!\d)|\d+(?:[.,]\d+)?")
_GROUPED = re.compile(r"\d{1,3}(?:[ \u00a0\u202f.,]\d{3})+")
_SCALES = {
    "thousand": 3, "mille": 3, "million": 6, "millions": 6, "billion": 9, "billions": 9, "milliard": 9, "milliards": 9,
}  # fmt: skip
_SCALED = re.compile(rf"(\d+(?:[.,]\d+)?)\s+({'|'.join(_SCALES)}|1000000000|1000000|1000)\b")
_TWO = {"fr": re.compile(r"\bdeux\b", re.IGNORECASE), "en": re.compile(r"\btwo\b", re.IGNORECASE)}
_BOTH = re.compile(r"\b(the|these|those|les|ces) (?:two|deux) (?=[a-zà-ÿ])", re.IGNORECASE)
"""«the two leaders» says who, and not how many."""
_GROUPED_SCALED = re.compile(rf"\d{{1,3}}(?:[ \u00a0\u202f.,]\d{{3}})+(?=\s+(?:{'|'.join(_SCALES)})\b)")
_ORDINAL = re.compile(r"\b(\d+)(?:st|nd|rd|th|er|re|ers|res|e|es|ème|èmes)\b")
_NAME = re.compile(r"[A-ZÀ-ÖØ-Þ][\w’'-]*")
_ENDS = re.compile(r"[.!?…:]\s*(?:[«“\"'’]\s*)?$|^\s*(?:[-–•«“\"]\s*)*$|[«“\"]\s*$")
_ELIDED = re.compile(r"^(?:[dlLDsSnNjJmMtTcC]|qu|Qu)[’']")
_MAY = re.compile(r"(?<=[\w,] )May\b|\bMay (?=\d)")
"""The month; the verb has no capital in mid-sentence."""
_VOWELS = re.compile(r"[aeiouyw]")
_ACRONYMS = (
    frozenset({"onu", "un", "u.n"}), frozenset({"otan", "nato"}), frozenset({"ue", "eu"}),
    frozenset({"us", "usa", "u.s", "etats-unis", "etats", "states", "united states"}),
)  # fmt: skip
_COMMON = frozenset(
    "the a an and but or in on at by for from with after before during since as it he she they we i you this that "
    "these those there here its his her their our my who what when where why how which while although because if then "
    "so thus not no all both some many most several each every according however moreover today yesterday one two "
    "le la les un une des du de et mais ou dans en sur par pour avec après avant pendant depuis il elle ils elles on "
    "nous vous je ce cet cette ces c’est ceci cela son sa ses leur leurs notre nos mon qui que quoi quand où pourquoi "
    "comment alors ainsi donc or ni ne pas tous toutes tout plusieurs chaque selon cependant toutefois hier au aux à "
    "aujourd’hui si lors lorsque tandis puis enfin ensuite également mr mrs ms dr m mme mlle president président "
    "monsieur madame".split()
)
_LEAST = 4
"""Letters that two forms of a name begin with alike, at least: Russia, russe; America, américain."""
_ENDINGS = frozenset(
    "a e s es ia ie ies y an ans ane anes ian ians ien iens ienne iennes enne ennes en ens n ns in ins ine ines ain "
    "ains aine aines ais aise aises ois oise oises ish ese i is ique iques ic os os ol ole".split()
) | {""}
_ENDINGS_OF_WHOLE = _ENDINGS | frozenset("ne nes nais naise er ers eur".split())
"""Those that are no ending of their own behind a name that is cut: Lisbon and Lisbonne, but not Marie and marine."""
_CAPITAL = re.compile(r"\b[A-ZÀ-ÖØ-Þ][\w’'-]*")


@dataclass(frozen=True, slots=True)
class Mentions:
    """What a text mentions."""

    numbers: frozenset[str]
    """As digits: "24", "9000", "27.5"."""
    dates: frozenset[str]
    """Months as "month 6", days of the week as "day 0" (Monday)."""
    names: frozenset[str]
    """Names as they are written, word by word."""

    def words(self, language: Language) -> tuple[str, ...]:
        """All of them as a reader of `language` knows them."""
        dates = (_date_name(date, language) for date in sorted(self.dates))
        return (*sorted(self.numbers), *dates, *sorted(self.names))


@lru_cache(maxsize=2048)
def mentions_of(text: str, language: Language | None = None) -> Mentions:
    """The numbers, dates and names of `text`, which is in `language` (None: found out)."""
    language = language or detect_language(text).language
    text = spaced(text)
    return Mentions(frozenset(_numbers(text, language)), frozenset(_dates(text)), frozenset(_names(text)))


def missing(claim: str, passages: Iterable[str]) -> Mentions:
    """What `claim` mentions and none of `passages` does; each may be in French or in English."""
    texts = list(passages)
    there = [mentions_of(text) for text in texts]
    said = mentions_of(_BOTH.sub(r"\1 ", claim))
    numbers = frozenset[str]().union(*(mentions.numbers for mentions in there))
    dates = frozenset[str]().union(*(mentions.dates for mentions in there))
    words = {word for text in texts for word in _words(text)}
    capitals = {_plain(_ELIDED.sub("", word)) for text in texts for word in _CAPITAL.findall(spaced(text))}
    return Mentions(
        said.numbers - numbers,
        said.dates - dates,
        frozenset(name for name in said.names if not _is_named(name, words, capitals)),
    )


def _date_name(date: str, language: Language) -> str:
    """A month or a day of `Mentions.dates` as it is called in `language`."""
    kind, _, number = date.partition(" ")
    names = get_month_names("wide", locale=language) if kind == "month" else get_day_names("wide", locale=language)
    return str(names[int(number)])


def _numbers(text: str, language: Language) -> set[str]:
    from text_to_num import alpha2digit

    text = _GROUPED_SCALED.sub(lambda found: re.sub(r"\D", "", found[0]), text)
    text = _ORDINAL.sub(r"\1", alpha2digit(_TWO[language].sub("2", text), language))
    text = _SCALED.sub(lambda found: _scaled(found[1], found[2]), text)
    return {_plain_number(found[0]) for found in _NUMBER.finditer(text)}


def _scaled(number: str, scale: str) -> str:
    zeros = _SCALES[scale] if scale in _SCALES else len(scale) - 1
    value = float(number.replace(",", ".")) * 10**zeros
    return str(round(value)) if abs(value - round(value)) < 1e-6 else str(value)


def _plain_number(written: str) -> str:
    """A number without marks between its thousands, with a point before its fraction."""
    if _GROUPED.fullmatch(written):
        return re.sub(r"\D", "", written)
    number = written.replace(",", ".")
    return number.rstrip("0").rstrip(".") if "." in number else number.lstrip("0") or "0"


def _dates(text: str) -> set[str]:
    calendar = _calendar()
    found = {calendar[word] for word in re.findall(r"\w+", text.lower()) if word in calendar}
    return found | ({"month 5"} if _MAY.search(text) else set())


@cache
def _calendar() -> dict[str, str]:
    """Months and days of the week by their names in both languages; "may", which is a verb too, is left out."""
    names: dict[str, str] = {}
    for language in LANGUAGES:
        names |= {name.lower(): f"month {number}" for number, name in get_month_names("wide", locale=language).items()}
        names |= {name.lower(): f"day {number}" for number, name in get_day_names("wide", locale=language).items()}
    del names["may"]
    return names


def _names(text: str) -> set[str]:
    """Words with a capital, but not where any word would have one, at the beginning of a sentence or a quotation."""
    found = set()
    for match in _NAME.finditer(text):
        word = _ELIDED.sub("", match[0]).removesuffix("’s").removesuffix("'s").strip("-’'")
        lower = word.lower()
        if not word[:1].isupper() or lower in _COMMON or lower in _calendar() or lower == "may" or len(word) < 2:
            continue
        if _ENDS.search(text[: match.start()]) and not word.isupper():
            continue
        found.add(word)
    return found


def _words(text: str) -> set[str]:
    words = re.findall(r"[\w.-]*\w", _plain(spaced(text)))
    return {part for word in words for part in (word, *word.split("-")) if part}


def _is_named(name: str, words: set[str], capitals: set[str]) -> bool:
    """Whether a name, or its form in the other language, is among `words`, of which `capitals` have a capital."""
    plain = _plain(name)
    known = _translations()
    forms = {plain, *known.get(plain, ()), *known.get(plain.removesuffix("s"), ())} | {
        form for group in _ACRONYMS if plain in group for form in group
    }
    if forms & words:
        return True
    return any(_inflected(form, word) for form in forms for word in words) or any(
        _sounds_alike(form, word) for form in forms for word in capitals
    )


def _inflected(one: str, other: str) -> bool:
    """Whether two words are forms of one name: Russia and russe, Paris and parisien; not Niger and Nigeria."""
    shared = _alike(one, other)
    if shared < _LEAST or {one, other} <= _territories():
        return False
    ends = {one[shared:], other[shared:]}
    return ends <= _ENDINGS or ("" in ends and ends <= _ENDINGS_OF_WHOLE)


def _sounds_alike(one: str, other: str) -> bool:
    """Whether two names have the same consonants, as where they are written in two languages: Putin, Poutine."""
    if one[:1] != other[:1] or {one, other} <= _territories():
        return False
    sounds = _consonants(one)
    longest = max(len(one), len(other))
    return _alike(one, other) >= max(_LEAST, longest - 3) or (len(sounds) > 2 and sounds == _consonants(other))


def _alike(one: str, other: str) -> int:
    """Letters with which both begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _consonants(word: str) -> str:
    sounds = _VOWELS.sub("", word.replace("ph", "f").replace("ch", "k").replace("c", "k").replace("q", "k"))
    return re.sub(r"(.)\1+", r"\1", sounds.rstrip("se"))


@cache
def _translations() -> dict[str, frozenset[str]]:
    """Words of the names of countries and languages to those of the same name in the other language."""
    from babel import Locale

    french, english = Locale("fr"), Locale("en")
    pairs: dict[str, set[str]] = {}
    for one, other in ((french, english), (english, french)):
        for names, others in ((one.territories, other.territories), (one.languages, other.languages)):
            for code, name in names.items():
                for word in _words(name):
                    if len(word) >= _LEAST:
                        pairs.setdefault(word, set()).update(w for w in _words(others.get(code, "")) if len(w) > 3)
    return {word: frozenset(others) for word, others in pairs.items()}


@cache
def _territories() -> frozenset[str]:
    """Words of the names of countries in both languages."""
    from babel import Locale

    return frozenset(word for name in LANGUAGES for full in Locale(name).territories.values() for word in _words(full))


@lru_cache(maxsize=8192)
def _plain(text: str) -> str:
    """Lower case, without accents, straight apostrophes."""
    decomposed = unicodedata.normalize("NFD", text.lower().replace("’", "'"))
    return "".join(character for character in decomposed if not unicodedata.combining(character))
