"""What the checker is trained on: sentences with what they cite, and whether it supports them.

Most are the claims written for it. The rest is made here: claims with one thing changed in them; and of what the reader
is trained on, sentences beside themselves and their translations, the same with one thing changed, questions with their
answers and with others.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from eval.train.examples import QUESTION_TOKENS, SENTENCE_TOKENS, Item, Tokens, Window
from eval.train.written import read as read_written
from qa.support import TURNS

EXTRA_TOKENS = (0, 0, 0, 0, 40, 80)
"""Sizes of what is cited beside the sentences that a claim rests on."""
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[^\W_]+")
_NAME = re.compile(r"(?<=[a-zà-ÿ,] )[A-ZÀ-ÖØ-Þ][\w-]+(?: [A-ZÀ-ÖØ-Þ][\w-]+)*")
_SWAPS = {
    "fr": (
        "augmenté/baissé augmente/diminue hausse/baisse premier/dernier première/dernière avant/après plus/moins "
        "accepté/refusé accepte/refuse approuvé/rejeté gagné/perdu ouvert/fermé ouverte/fermée commencé/terminé "
        "tous/certains toutes/certaines nord/sud est/ouest autorisé/interdit autorise/interdit confirmé/démenti "
        "confirme/dément achète/vend acheté/vendu réussi/échoué public/privé publique/privée jamais/toujours "
        "matin/soir grâce/malgré avec/sans acheteur/vendeur importe/exporte soutient/critique soutenu/critiqué "
        "renforcer/affaiblir accélérer/ralentir augmenter/réduire ouvrir/fermer créer/supprimer promis/refusé "
        "meilleur/pire majorité/minorité moitié/tiers double/triple lundi/jeudi mardi/vendredi janvier/mars "
        "avril/septembre mai/octobre juin/novembre deux/quatre trois/cinq dix/vingt"
    ),
    "en": (
        "increased/decreased rose/fell increase/decrease first/last before/after more/less more/fewer accepted/refused "
        "approved/rejected won/lost opened/closed began/ended all/some north/south east/west allowed/banned "
        "confirmed/denied buys/sells bought/sold succeeded/failed public/private never/always morning/evening "
        "despite/because with/without imports/exports supports/criticises supported/criticised strengthen/weaken "
        "best/worst majority/minority half/third double/triple Monday/Thursday Tuesday/Friday January/March "
        "April/September May/October June/November two/four three/five ten/twenty higher/lower older/newer "
        "gained/lost joined/left raised/cut will/won't can/cannot"
    ),
}
_APPOSED = re.compile(r"[A-ZÀ-ÖØ-Þ][\w’'-]+(?: [\w’'-]+){0,3}")
"""A name between commas: "the minister, Hernán Duarte Sosa, hopes"."""
_TRAILING = re.compile(
    r"(?:qui|que|qu[’']\w+|dont|où|alors que|tandis que|après|avant|avec|et|mais|en|pour|afin|ce qui|dans|sur|car|à|au|"
    r"aux|which|who|whose|where|while|after|before|with|and|but|as|in|for|at|on|by|to|so|when|from) ",
)
"""How a clause begins that the rest can stand without."""
_KEPT = re.compile(  # what can't be left out without saying something else
    r"\b(?:dit|dits|déclar\w+|affirm\w+|annon\w+|estim\w+|expliqu\w+|préven\w+|jug\w+|assur\w+|ajout\w+|said|says|"
    r"told|tells|announced|added|warned|argued|explained|insisted|sauf|excepté|except|only|seulement|tant que|pourvu|"
    r"unless)\b",
    re.IGNORECASE,
)
_PREFIXES = {
    "fr": ("Selon l’article, ", "D’après le texte, ", "L’article indique que ", "Oui, ", "Non, ", "En effet, "),
    "en": ("According to the article, ", "The article says that ", "As the text states, ", "Yes, ", "No, ", "Indeed, "),
}
"""What a chat model puts before a sentence without making it another statement."""
_LOWERED = re.compile(
    r"(?:le|la|les|l[’']\w+|un|une|des|il|elle|ils|elles|en|au|à|dans|ce|cette|ces|the|a|an|it|he|she|they|in|on|at|its|"
    r"this|these|those|there)\b",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\b(?:et|ou|avec|entre|and|or|with|between)\b|[,/–-]")
_NEGATED = {
    "fr": re.compile(r"\b(?:ne |n[’'])(\w+(?:-\w+)*) (?:pas|plus|jamais)\b"),
    "en": re.compile(r"\b(is|are|was|were|has|have|had|will|would|can|could|must|should) (?:not|never)\b"),
}
_NEGATE = {
    "fr": (re.compile(r"\b(est|sont|était|étaient|sera|seront|peut|peuvent|doit|doivent|a|ont|avait|avaient)\b"), None),
    "en": (re.compile(r"\b(is|are|was|were|has|have|had|will|would|can|could|must|should)\b"), r"\1 not"),
}


@dataclass(slots=True)
class Claim:
    """A sentence in its languages, the article it cites in its own, and whether that supports it."""

    source: str
    written: list[tuple[str, str]]
    """(language, sentence)"""
    articles: list[tuple[str, list[list[int]]]]
    """(language, tokens of each sentence)"""
    cited: tuple[int, ...]
    """Sentences that it rests on, or seems to."""
    supported: bool
    names: list[str] = field(default_factory=list)
    """Names of the article in the language of the sentence, to put in the place of its own."""
    beside: list[list[tuple[str, str]]] = field(default_factory=list)
    """Sentences like it that are wrong, each in the same languages: one is drawn with it."""


def read_claims(paths: Iterable[Path], tokens: Tokens) -> list[Claim]:
    """Claims of written articles, their sentences beside their translations, their facts as questions with answers."""
    claims: list[Claim] = []
    for article in (article for path in paths for article in read_written(path)):
        flat = {language: [s for paragraph in article[language] for s in paragraph] for language in ("fr", "en")}
        cited = [(lang, [tokens(text)[0][:SENTENCE_TOKENS] for text in texts]) for lang, texts in flat.items()]
        names = {lang: sorted({name for text in texts for name in _NAME.findall(text)}) for lang, texts in flat.items()}
        claims += _written(article, cited, names)
        claims += _sentences(flat, cited, names)
        claims += _facts(article, cited)
    return claims


_Cited: TypeAlias = list[tuple[str, list[list[int]]]]


def _written(article: dict[str, Any], cited: _Cited, names: dict[str, list[str]]) -> Iterator[Claim]:
    """The claims that were written, right, wrong and changed."""
    for claim in article.get("claims", ()):
        rests_on = tuple(claim["sentences"])
        yield Claim("claims", [(lang, claim[lang]) for lang, _ in cited], cited, rests_on, True)
        for lang, _ in cited:
            yield Claim("claims-changed", [(lang, claim[lang])], cited, rests_on, False, names[lang])
        beside = [[(lang, wrong[lang]) for lang, _ in cited] for wrong in claim["wrong"]]
        yield Claim("claims-both", [(lang, claim[lang]) for lang, _ in cited], cited, rests_on, True, [], beside)
        for wrong in claim["wrong"]:
            yield Claim("claims-wrong", [(lang, wrong[lang]) for lang, _ in cited], cited, rests_on, False)


def _sentences(flat: dict[str, list[str]], cited: _Cited, names: dict[str, list[str]]) -> Iterator[Claim]:
    """The article's own sentences, as they are and changed."""
    for lang, texts in flat.items():
        for number, text in enumerate(texts):
            yield Claim("sentences", [(lang, text)], cited, (number,), True)
            yield Claim("sentences-changed", [(lang, text)], cited, (number,), False, names[lang])
            if shortened(text, random.Random(0)):
                yield Claim("sentences-short", [(lang, text)], cited, (number,), True)


def _facts(article: dict[str, Any], cited: _Cited) -> Iterator[Claim]:
    """Questions with their answers, and with those of facts that stand elsewhere."""
    facts = [fact for fact in article["facts"] if fact["kind"] != "yes-no"]
    for fact in facts:
        rests_on = tuple(fact["sentences"])
        others = [other for other in facts if not set(other["sentences"]) & set(rests_on)]
        for lang, _ in cited:
            for question in fact[lang]:
                right = [(lang, f"{question} {fact[f'{lang}_answer']}")]
                yield Claim("facts", right, cited, rests_on, True)
                wrong = [(lang, f"{question} {other[f'{lang}_answer']}") for other in others]
                if wrong:
                    yield Claim("facts-wrong", wrong, cited, rests_on, False)


def shortened(sentence: str, chance: random.Random) -> str | None:
    """The sentence without one of its clauses, still supported by it; None where none can be left out."""
    clauses = re.split(r"(?<=[\w%]), ", sentence.rstrip(" .!?"))
    if len(clauses) < 2 or set('«»“”"():;–—') & set(sentence):
        return None
    can = [n for n in range(1, len(clauses) - 1) if _APPOSED.fullmatch(clauses[n])]
    can += [len(clauses) - 1] if _TRAILING.match(clauses[-1]) else []
    can = [n for n in can if not _KEPT.search(clauses[n]) and not TURNS.intersection(_WORD.findall(clauses[n].lower()))]
    if not can:
        return None
    out = chance.choice(can)
    rest = ", ".join(clauses[:out]) + (" " if out < len(clauses) - 1 else "") + ", ".join(clauses[out + 1 :])
    return rest + "." if len(rest.split()) > 5 else None


def prefixed(sentence: str, prefix: str) -> str:
    """The sentence as part of an answer: "According to the article, …"."""
    if _LOWERED.match(sentence):
        sentence = sentence[0].lower() + sentence[1:]
    if prefix.endswith(" que ") and sentence[0].lower() in "aeiouyéèêà":
        prefix = prefix.replace(" que ", " qu’")
    return prefix + sentence


def changed(sentence: str, language: str, names: Sequence[str], chance: random.Random) -> str | None:
    """The sentence with one number, name or word changed so that it says something else; None where none can be."""
    ways = [_other_number, _other_name, _other_word, _negated, _swapped]
    chance.shuffle(ways)
    for way in ways:
        other = way(sentence, language, names, chance)
        if other and other != sentence:
            return other
    return None


def _other_number(sentence: str, language: str, names: Sequence[str], chance: random.Random) -> str | None:
    found = list(_NUMBER.finditer(sentence))
    if not found:
        return None
    at = chance.choice(found)
    digits = list(at[0])
    place = chance.randrange(len(digits))
    digits[place] = chance.choice([digit for digit in "123456789" if digit != digits[place]])
    return sentence[: at.start()] + "".join(digits) + sentence[at.end() :]


def _other_name(sentence: str, language: str, names: Sequence[str], chance: random.Random) -> str | None:
    found = list(_NAME.finditer(sentence))
    others = [name for name in names if name not in sentence]
    if not found or not others:
        return None
    at = chance.choice(found)
    return sentence[: at.start()] + chance.choice(others) + sentence[at.end() :]


def _swapped(sentence: str, language: str, names: Sequence[str], chance: random.Random) -> str | None:
    """Two names in each other's place, as far as the sentence does not name them together."""
    found = list(_NAME.finditer(sentence))
    pairs = [
        (one, other)
        for one, other in itertools.pairwise(found)
        if one[0] != other[0]
        and not _JOINED.search(between := sentence[one.end() : other.start()])
        and " " in between.strip()
    ]
    if not pairs:
        return None
    one, other = chance.choice(pairs)
    between = sentence[one.end() : other.start()]
    return sentence[: one.start()] + other[0] + between + one[0] + sentence[other.end() :]


def _other_word(sentence: str, language: str, names: Sequence[str], chance: random.Random) -> str | None:
    pairs = [tuple(pair.split("/")) for pair in _SWAPS[language].split()]
    swaps = [swap for one, other in pairs for swap in ((one, other), (other, one))]
    chance.shuffle(swaps)
    for one, other in swaps:
        at = re.search(rf"\b{one}\b", sentence)
        if at:
            return sentence[: at.start()] + other + sentence[at.end() :]
    return None


def _negated(sentence: str, language: str, names: Sequence[str], chance: random.Random) -> str | None:
    if _NEGATED[language].search(sentence):
        return _NEGATED[language].sub(r"\1", sentence, count=1)
    pattern, put = _NEGATE[language]
    found = list(pattern.finditer(sentence))
    if not found:
        return None
    at = chance.choice(found)
    said = at.expand(put) if put else f"n’{at[0]} pas" if at[0][0] in "aeoé" else f"ne {at[0]} pas"
    return sentence[: at.start()] + said + sentence[at.end() :]


class DrawClaims:
    """Windows drawn from claims and from questions with answers, the same for the same seed.

    A window's `question` is the claim, its `gold` one number: 1 where it is supported.
    """

    def __init__(
        self, claims: Sequence[Claim], items: Sequence[Item], tokens: Tokens, shares: dict[str, float]
    ) -> None:
        """`items`: questions on passages, for the sources "answers" and "answers-wrong"."""
        answered = [item for item in items if any(text.span for text in item.texts)]
        self._by_source: dict[str, Sequence[Claim | Item]] = {
            source: [claim for claim in claims if claim.source == source] for source in shares
        }
        self._by_source |= {"answers": answered, "answers-wrong": answered}
        self._shares = shares
        self._tokens = tokens

    def windows(self, seed: int) -> Iterator[Window]:
        """Windows without end; each source's are shuffled and gone through before any comes again."""
        chance = random.Random(seed)
        queues: dict[str, list[Claim | Item]] = {source: [] for source in self._shares}
        while True:
            source = chance.choices(list(self._shares), list(self._shares.values()))[0]
            if not queues[source]:
                queues[source] = chance.sample(self._by_source[source], len(self._by_source[source]))
            drawn = queues[source].pop()
            if isinstance(drawn, Claim):
                yield from self._of(drawn, chance)
            else:
                yield from self._answer(drawn, source == "answers", chance)

    def _of(self, claim: Claim, chance: random.Random) -> Iterator[Window]:
        place = chance.randrange(len(claim.written))
        language, text = claim.written[place]
        sentences = chance.choice(claim.articles)[1]
        texts = [text]
        if claim.beside:
            texts.append(chance.choice(claim.beside)[place][1])
        if claim.source == "sentences-short" or (claim.source == "sentences-changed" and chance.random() < 0.4):
            texts = [shortened(text, chance) or text]
        if claim.source.endswith("changed"):
            other = changed(texts[0], language, claim.names, chance)
            if other is None:
                return
            texts = [other]
        if claim.source != "facts" and chance.random() < 0.07:
            prefix = chance.choice(_PREFIXES[language])
            texts = [prefixed(text, prefix) for text in texts]
        ids, *beside = (self._tokens(text)[0][:QUESTION_TOKENS] for text in texts)
        cited = _cited(sentences, claim.cited, chance)
        others = [Window(other, cited, [0.0], None) for other in beside]
        yield Window(ids, cited, [float(claim.supported)], None, others[0] if others else None)
        if claim.supported and chance.random() < 0.5:  # the same, citing something else
            rest = [number for number in range(len(sentences)) if number not in claim.cited]
            if rest:
                common = {number: len(set(ids) & set(sentences[number])) for number in rest}
                wrong = max(rest, key=common.__getitem__) if chance.random() < 0.5 else chance.choice(rest)
                without = frozenset(claim.cited)
                yield Window(ids, _cited(sentences, (wrong,), chance, without), [0.0], None)

    def _answer(self, item: Item, right: bool, chance: random.Random) -> Iterator[Window]:
        """A question with its answer, or with that to another on the same passage, citing where its own stands."""
        text = chance.choice([text for text in item.texts if text.span])
        assert text.span is not None
        number, first, last = text.span
        answer = text.sentences[number][first : last + 1]
        if not right:
            spans = [
                other_text.span
                for other in item.others or ()
                for other_text in other.texts
                if other_text.span and other_text.sentences == text.sentences and other_text.span != text.span
            ]
            others = [text.sentences[n][a : b + 1] for n, a, b in spans]
            others = [other for other in others if other != answer]
            if not others:
                return
            answer = chance.choice(others)
        asked = [pair for pair in item.questions if pair[0] == text.language] or item.questions
        ids = [*self._tokens(chance.choice(asked)[1])[0], *answer]
        if len(ids) <= QUESTION_TOKENS:
            yield Window(ids, _cited(text.sentences, (number,), chance), [float(right)], None)


def _cited(
    sentences: list[list[int]], cited: tuple[int, ...], chance: random.Random, without: frozenset[int] = frozenset()
) -> list[list[int]]:
    """The cited sentences, now and then with others around, in the article's order."""
    chosen = set(cited)
    room = chance.choice(EXTRA_TOKENS)
    around = [n for at in cited for n in (at - 1, at + 1, at - 2, at + 2) if 0 <= n < len(sentences)]
    for number in around:
        if number not in chosen | without and len(sentences[number]) <= room:
            chosen.add(number)
            room -= len(sentences[number])
    return [sentences[number] for number in sorted(chosen)]
