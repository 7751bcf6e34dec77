"""Follow-up questions without a chat model: which questions point back, and what they are then understood to ask."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.mentions import mentions_of
from qa.types import Answer, Language

_ET = re.compile(
    r"^(?:et|mais|alors|donc|puis|ok|and|but|so|then|well)\b[\s,]*(?:(?:alors|puis|donc|then|so)\b)?[\s,]*",
    re.IGNORECASE,
)
_BACK: dict[Language, re.Pattern[str]] = {
    "fr": re.compile(
        r"\b(?:il|elle|ils|elles|lui|eux|y|en(?= (?:a|ont|est|sont|fait|font|pense|dit|parle|veut|résulte)\b)"
        r"|leurs?|cela|ça|celui-(?:ci|là)|celle-(?:ci|là)|ceux-(?:ci|là)|ce dernier|cette dernière|ces derniers|l’un"
        r"|l'un|là-bas|à ce moment-là|à cette (?:occasion|époque|date)|à l['’]époque|ce jour-là|cette année-là|d['’]eux"
        r"|c['’](?:est|était)|ce (?:serait|sera|pays|jour|pacte|texte)|(?<=-t-)on)\b",
        re.IGNORECASE,
    ),
    "en": re.compile(
        r"\b(?:he|she|it|they|him|her|them|his|its|their|theirs|there|then|one of them|both of them|the latter"
        r"|the former|back then|that(?=\s*\?|$)|(?:is|was|do|does|did|by|of|in|at|on|to|for|with|from|about|after"
        r"|before|why|how|when|where|what) that|this)\b",
        re.IGNORECASE,
    ),
}
_POINTING: dict[Language, re.Pattern[str]] = {
    "fr": re.compile(
        r"\b(?:là-bas|ça|cela|à ce moment-là|à cette (?:occasion|époque|date)|à l['’]époque|ce jour-là|cette année-là"
        r"|celui-(?:ci|là)|celle-(?:ci|là)|ceux-(?:ci|là)|celles-(?:ci|là)"
        r"|(?<!\bde )(?:l['’]|les )(?=(?:a|ai|ont|avait|avaient|aura|auront|aurait)\b))",
        re.IGNORECASE,
    ),
    "en": re.compile(
        r"\b(?:back then|at that time|that (?:day|year|occasion)|(?:do|does|did|are|were|will|have|can) (?:those|these)"
        r"|(?<!is )(?<!are )(?<!was )(?<!were )there)\b(?! (?:is|are|was|were|any|a)\b)",
        re.IGNORECASE,
    ),
}
"""What points back whatever stands before it in the question."""
_IMPERSONAL = re.compile(
    r"\b(?:y a-t-il|il y a|fait-il|faut-il|s['’]agit-il|pleut-il|est-il (?:vrai|possible)|is there|are there|was there"
    r"|were there|is it (?:true|possible)|c['’]est (?:qui|quoi)(?= \w))\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\b(?:who|whom|whose|what|when|where|why|how|which|many|much|long|qui|quoi|quand|où|pourquoi|comment|combien|quels?"
    r"|quelles?|que|qu|est-ce|temps|de|par|à|dans|en|pour|avec|sur|le|la|les|l|un|une|the|a|an|of|by|in|on|at|to|for|from"
    r"|with|et|and|ça|cela|si|peu|few|partir|jusqu|until|kind|exactly|about|so|exactement|depuis|since|after|après|before|avant|d)\b",
    re.IGNORECASE,
)
_WHAT_ABOUT = re.compile(r"^(?:what|how) about\b|^qu['’]en est-il\b|^pareil\b|^same\b", re.IGNORECASE)
_WHICH = re.compile(
    r"^\W*(?:quel(?:le)?s?|which|what)\s(?!(?:do|does|did|is|are|was|were|will|would|ha[sd]|have|can)\b)\w+"
)
_POSSESSIVE = frozenset("his her its their theirs leur leurs".split())
_THANKS = re.compile(
    r"(?:merci|thanks?|ok|okay|super|parfait|great|d['’]accord|bravo)\b[\w\s,’']{0,20}[.!…]*", re.IGNORECASE
)
_GENERAL = frozenset(
    "do does did done make made makes say says said tell told happen happens happened go goes going went get gets got "
    "take takes took come comes came be been is are was were have has had will would can could should may might think "
    "mean means it he she they them him her his its their this that these those there then one ones now else such any "
    "some all more than less really actually still too also no not ever same thing things other others someone anyone "
    "time times day date week month year hour place country city town reason cause way name sort type number even "
    "hadn didn doesn isn wasn mostly fait faire font fais faites dit dire dis disent passe passé arrivé arrive va "
    "vont aller vient viennent venir est sont était étaient serait seront sera a ont avait avaient ai eu aura aurait "
    "été être avoir peut peuvent doit doivent il elle ils elles lui eux on se son sa ses leur leurs y ce cet cette "
    "ces ne pas celui celle ceux celles ci là bas alors maintenant encore autre autres chose choses vraiment plus "
    "moins aussi même ni ou des du mme année jour fois moment mois semaine heure lieu endroit pays ville raison façon "
    "manière nom genre sorte nombre autant surtout quelqu personne rien".split()
)
"""Words that can be asked of anything: "Why did they do that?", "Which month?"."""
_FEW = 5
"""Words up to which a question without a name is a fragment."""


def points_back(question: str, language: Language) -> bool:
    """Whether a question can be understood only with what was asked before it, as far as its form tells."""
    if _THANKS.fullmatch(question.strip()):
        return False
    began, rest = _opened(question)
    words, content, names = re.findall(r"[\w’'-]+", rest), _content(rest), _names(rest, language)
    if not content or (len(content) == 1 and len(words) <= _FEW and not names):
        return True
    if began and len(words) <= _FEW:
        return True
    return bool(_WHAT_ABOUT.match(rest) or _POINTING[language].search(rest)) or _has_open_pronoun(rest, language)


def without_opening(question: str) -> str:
    """A question without "And", "But", "So" before it; itself where nothing else would be left of it."""
    opening = _ET.match(question.strip())
    rest = question.strip()[opening.end() :] if opening else ""
    return rest[:1].upper() + rest[1:] if _content(rest) else question


def says_something(question: str, language: Language) -> bool:
    """Whether a follow-up names something of its own, and is not only "Why?" or "Which month?"."""
    _, rest = _opened(question)
    own = [word for word in _content(rest) if len(word) > 1 and word.lower() not in _GENERAL]
    return bool(own) or bool(_names(rest, language))


def _opened(question: str) -> tuple[bool, str]:
    """Whether a question begins with "And" or the like, and what follows; its first capital is taken for no name's."""
    text = question.strip()
    began = _ET.match(text)
    rest = text[began.end() :] if began else text
    return bool(began), rest if re.match(r"\w+[’'\s-]+[A-Z]", rest) else rest[:1].lower() + rest[1:]


def _content(text: str) -> list[str]:
    """The words that do more than ask."""
    return re.findall(r"\w+", _ASKS.sub(" ", text))


def _names(text: str, language: Language) -> frozenset[str]:
    """The names in a text that is no beginning of a sentence."""
    return mentions_of(f"x {text}", language).names


def _has_open_pronoun(text: str, language: Language) -> bool:
    """Whether a pronoun stands in `text` that nothing before it in the text can be meant by."""
    text = _IMPERSONAL.sub(" ", text)
    for pronoun in _BACK[language].finditer(text):
        before = text[: pronoun.start()]
        inverted = language == "fr" and before.endswith("-")
        subject = re.sub(r"\b[\w’'-]*$", "", before) if inverted else before
        asked_about = pronoun[0].lower() in _POSSESSIVE and _WHICH.match(before.lower())  # "Which countries … their"
        if not asked_about and not _names_something(subject, language):
            return True
    return False


def _names_something(text: str, language: Language) -> bool:
    """Whether `text` holds a noun phrase that a pronoun after it can stand for."""
    if _names(text, language):
        return True
    determined = {
        "fr": r"\b(?:l['’]|(?:le|la|les|ce|cette|ces|un|une|du|des)\s)[a-zà-ÿ]{3,}",
        "en": r"\b(?:the|a|an|these|those)\s[a-z]{3,}",
    }
    return bool(re.search(determined[language], _WHICH.sub("", text.lower())))


def standalone(question: str, history: Sequence[Answer], language: Language) -> str:
    """`question` with what it points back to: the last question, and the one that this pointed back to itself.

    Itself where it stands alone, or is the first. A question that was off the topic is pointed back to only where
    nothing else was asked.
    """
    before = [answer for answer in history if answer.reason != "off_topic"] or history
    if not before or not points_back(question, language):
        return question
    first = next((place for place in reversed(range(len(before))) if not before[place].standalone), 0)
    asked = [
        before[first].standalone or before[first].question,
        *(answer.question for answer in before[first + 1 :][-1:]),
    ]
    return " ".join([asked[0].strip(), *(_ET.sub("", one.strip()) for one in (*asked[1:], question))])
