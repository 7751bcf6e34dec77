"""Questions that ask several things at once, like "Who did she visit, and when did she arrive?"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from qa.evidence import Evidence, Judgement
from qa.types import Language

_ASKING = (
    r"(?:qui|quoi|quand|où|comment|pourquoi|combien|qu'est-ce|quel(?:le)?s?|lequel|laquelle|lesquel(?:le)?s"
    r"|est-ce que|who|whom|whose|what|when|where|why|how|which)"
)
_BEFORE = (
    r"(?:(?:à|au|aux|de|d'|depuis|en|dans|avec|pour|par|sur|selon|to|in|on|at|from|since|with|by|for|of|until)\s*)?"
)
_BREAK = re.compile(
    rf"(?:(?<=[^,;?])\s+|\s*[,;?]\s*)(?:(?:et|puis|ainsi que|and|and also|as well as)\s+)(?={_BEFORE}{_ASKING}\b)"
    rf"|\s*[?;]\s+(?={_BEFORE}{_ASKING}\b)",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r"\b(?:qui|que|dont|who|that|which|where|où|when|what)\b", re.IGNORECASE)
_POINTS_BACK = re.compile(
    r"\b(?:il|elle|ils|elles|lui|leurs?|son|sa|ses|cela|ça|celui-ci|celle-ci|he|she|it|they|him|her|them|his|its|their"
    r"|that|this|so)\b",
    re.IGNORECASE,
)
_SHORTEST = 3
MOST = 3
"""Parts that a question is split into; one of more parts stays whole."""


_SILENT: dict[Language, str] = {
    "fr": "L’article ne répond pas à une partie de la question : {parts}.",
    "en": "The article does not answer a part of the question: {parts}.",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things that a question asks."""

    text: str
    """The part in the question's own words."""
    search: str
    """The part as it is looked for: behind the first part where it points back to it ("when did he arrive?")."""
    points_back: bool = False


def split_question(question: str) -> tuple[Part, ...]:
    """The parts of a question that can be answered one by one; the whole of it where it asks one thing."""
    whole = (Part(question, question),)
    pieces = [piece.strip(" ,;?\u00a0\u202f") for piece in _BREAK.split(question.replace("’", "'"))]
    if not 1 < len(pieces) <= MOST or any(len(piece.split()) < _SHORTEST for piece in pieces):
        return whole
    # "Which is the country that buys and which is …": a clause that goes on is no question of its own.
    marked = "," in question or "?" in question.rstrip(" ?\u00a0\u202f")
    if not marked and any(_RELATIVE.search(piece, piece.find(" ")) for piece in pieces[:-1]):
        return whole
    first = pieces[0]
    back = [place > 0 and bool(_POINTS_BACK.search(piece)) for place, piece in enumerate(pieces)]
    return tuple(
        Part(piece, f"{first} ? {piece} ?" if points_back else f"{piece} ?", points_back)
        for piece, points_back in zip(pieces, back, strict=True)
    )


def joined(judged: Sequence[tuple[Part, Judgement]], language: Language) -> tuple[Judgement, str]:
    """One judgement on all parts, and a notice that names the parts without an answer where others have one.

    The best sentence of each part that is answered is cited; confidence is that of the least sure of them.
    """
    answered = [judgement for _, judgement in judged if judgement.refusal is None]
    if not answered:
        return max((judgement for _, judgement in judged), key=lambda judgement: judgement.confidence), ""
    chosen: dict[tuple[str, int], Evidence] = {}
    for part, judgement in judged:
        cited = [evidence for evidence in judgement.evidence if evidence.cited and judgement.refusal is None]
        if part.points_back:  # what was asked before it finds the same sentence again
            cited = [evidence for evidence in cited if _place(evidence) not in chosen]
        for evidence in cited[:1]:
            chosen.setdefault(_place(evidence), evidence)
    rest = {
        _place(evidence): replace(evidence, cited=False) for judgement in answered for evidence in judgement.evidence
    }
    merged = (*chosen.values(), *(one for place, one in rest.items() if place not in chosen))
    silent = [f"« {part.text} »" if language == "fr" else f"“{part.text}”" for part, j in judged if j.refusal]
    notice = _SILENT[language].format(parts=", ".join(silent)) if silent else ""
    return Judgement(min(judgement.confidence for judgement in answered), None, merged), notice


def _place(evidence: Evidence) -> tuple[str, int]:
    return evidence.found.article.id, evidence.found.index
