"""Answers made of the article's own sentences: what was judged to be evidence, cited sentence by sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from qa.citations import cite
from qa.evidence import Evidence, Judgement
from qa.expectation import Expectation, asks_yes_no, expectation_of
from qa.types import Answer, Chunk, Citation, Hit, Language, Query, Reason, ShortAnswer

MAX_SENTENCES = 3
_REPEATED = 0.8
_WORD = re.compile(r"\w{3,}")

_REFUSALS: dict[Reason, dict[Language, str]] = {
    "off_topic": {
        "fr": "L’article ne traite pas de ce sujet : aucun de ses passages ne répond à cette question.",
        "en": "The article is not about this: none of its passages answers the question.",
    },
    "not_stated": {
        "fr": "L’article évoque des sujets voisins, mais il ne dit pas ce que vous demandez.",
        "en": "The article touches on related matters, but it does not say what you ask.",
    },
}
_WANTED: dict[Expectation, dict[Language, str]] = {
    "time": {"fr": "une date ou un moment", "en": "a date or a time"},
    "number": {"fr": "un nombre", "en": "a number"},
    "person": {"fr": "une personne", "en": "a person"},
    "place": {"fr": "un lieu", "en": "a place"},
    "reason": {"fr": "une raison", "en": "a reason"},
    "open": {"fr": "une réponse", "en": "an answer"},
}
_ORIGINAL_ONLY: dict[Language, str] = {
    "fr": "Cet article n’existe pas en français : voici ses propres mots, dans la langue d’origine.",
    "en": "This article has no English edition: here are its own words, in the original language.",
}


def answer_from(query: Query, hits: Sequence[Hit], judgement: Judgement, notice: str = "") -> Answer:
    """The sentences that answer, each with its marker; a refusal where the judgement is that none does."""
    if judgement.refusal:
        return refusal_from(query, hits, judgement, notice)
    language = query.language
    chosen = choose(judgement.evidence, language)
    listed = [*hits, *(hit for hit in dict.fromkeys(one.found.hit for one in chosen) if hit not in hits)]
    citations = tuple(
        cite(number, evidence.found, language, evidence.score) for number, evidence in enumerate(chosen, start=1)
    )
    if any(citation.language != language for citation in citations):
        notice = f"{notice} {_ORIGINAL_ONLY[language]}".strip()
    return Answer(
        question=query.text,
        language=language,
        text=" ".join(f"{citation.quote} [{citation.number}]" for citation in citations),
        refused=False,
        reason=None,
        confidence=judgement.confidence,
        citations=citations,
        passages=tuple(listed),
        notice=notice,
        short=None if asks_yes_no(query.asked) else _short(chosen[0], citations[0]),
    )


def refusal_from(query: Query, hits: Sequence[Hit], judgement: Judgement, notice: str = "") -> Answer:
    """What is said where nothing answers: what was looked for, and the sentences that come nearest."""
    language, reason = query.language, judgement.refusal or "not_stated"
    nearest = enumerate(judgement.evidence[:MAX_SENTENCES], start=1)
    return Answer(
        question=query.text,
        language=language,
        text=f"{_REFUSALS[reason][language]} {_looked_for(query, len(judgement.evidence))}".strip(),
        refused=True,
        reason=reason,
        confidence=judgement.confidence,
        citations=(),
        passages=tuple(hits),
        notice=notice,
        nearest=tuple(cite(number, one.found, language, one.score) for number, one in nearest),
    )


def _looked_for(query: Query, sentences: int) -> str:
    """What was sought, and in how many sentences; nothing where there were none."""
    if not sentences:
        return ""
    wanted = _WANTED[expectation_of(query.asked)][query.language]
    if query.language == "fr":
        return f"Passage y a cherché {wanted} dans {sentences} phrase{'s' if sentences > 1 else ''}."
    return f"Passage looked for {wanted} in {sentences} sentence{'s' if sentences > 1 else ''}."


def _short(evidence: Evidence, citation: Citation) -> ShortAnswer | None:
    """The words of the cited sentence that answer, where it was read."""
    if evidence.span is None or evidence.span[0] >= evidence.span[1]:
        return None
    first, last = evidence.span
    start, end = citation.start + first, citation.start + last
    return ShortAnswer(citation.quote[first:last], citation.language, start, end, citation.number)


def choose(evidence: Sequence[Evidence], language: Language) -> list[Evidence]:
    """The one to three sentences to cite: the best, and those that may answer as well and do not repeat it."""
    chosen: list[Evidence] = []
    for candidate in evidence:
        if len(chosen) == MAX_SENTENCES:
            break
        if candidate.cited and not any(_repeats(candidate, other, language) for other in chosen):
            chosen.append(candidate)
    return chosen


def _repeats(one: Evidence, other: Evidence, language: Language) -> bool:
    """Whether nearly every word of the shorter sentence stands in the longer."""
    a, b = (set(_WORD.findall(e.found.sentence(language).text.lower())) for e in (one, other))
    return len(a & b) >= _REPEATED * max(1, min(len(a), len(b)))


def chunks_of(answer: Answer) -> Iterator[Chunk]:
    """The answer word by word, what its markers stand for on every piece, the whole of it on the last."""
    words = re.findall(r"\s*\S+", answer.text)
    for word in words[:-1]:
        yield Chunk(word, None, answer.citations)
    yield Chunk(words[-1] if words else answer.text, answer, answer.citations)
