"""Which sentences answer a question, and whether any does. The one place where evidence is weighed.

A `Judge` gets the question with the passages found and their sentences, and gives a `Judgement`. `LinearJudge` goes by
what search knows of each sentence, `ReadingJudge` by what the reader makes of the best of them too. eval/fit.py fits
their weights and writes weights.json.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from statistics import fmean, pstdev
from typing import Any, Protocol

from qa.expectation import asks_for_gist, expectation_of, meets
from qa.quantities import asked_quantity, gives_quantity
from qa.retrieval import SentenceHit
from qa.types import LANGUAGES, Hit, Query, Reason


@dataclass(frozen=True, slots=True)
class Candidates:
    """What search found for a question: all that a judge sees."""

    query: Query
    hits: tuple[Hit, ...]
    """Passages, best first."""
    sentences: tuple[SentenceHit, ...]
    """Every sentence of the passages, each once."""
    follows: bool = False
    """Whether the question points back to one that was answered: it is on the articles' topic then."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence, and how probably it answers the question."""

    found: SentenceHit
    score: float
    """Probability, 0 to 1."""
    cited: bool
    """Whether it is good enough to be cited, beside better ones too."""
    span: tuple[int, int] | None = None
    """First and last character, in the sentence of the answer's language, of the words that answer; None where that
    was not read."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge makes of the candidates."""

    confidence: float
    """Probability that they answer the question, 0 to 1."""
    refusal: Reason | None
    """Why there is no answer; None where there is one."""
    evidence: tuple[Evidence, ...]
    """The sentences, best first."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What search alone makes of the candidates: probabilities, 0 to 1."""

    scores: tuple[float, ...]
    """That each sentence answers, in the order of the candidates."""
    topic: float
    """That the question is about the articles."""
    confidence: float
    """That the best sentences answer it."""


class Judge(Protocol):
    """Chooses evidence. Give your own to `Engine.open(judge=...)`."""

    def judge(self, candidates: Candidates) -> Judgement:
        """Weigh the sentences of `candidates` as answers to its question."""


def sentence_features(candidates: Candidates) -> list[dict[str, float]]:
    """What tells of each sentence whether it answers, by name; most compare it with the question's other sentences."""
    sentences = candidates.sentences
    similarities = [found.similarity for found in sentences]
    mean, deviation = fmean(similarities), pstdev(similarities) or 1.0
    best = max(similarities)
    best_bm25 = max(found.bm25 for found in sentences) or 1.0
    best_overlap = max(found.overlap for found in sentences)
    best_passage = max(found.hit.deviation for found in sentences)
    by_place = {(found.article.id, found.index): found.similarity for found in sentences}
    query = candidates.query
    features = []
    for found in sentences:
        sentence = found.sentence(query.written or query.language)
        beside = [by_place.get((found.article.id, found.index + step), min(similarities)) for step in (-1, 1)]
        features.append(
            {
                "similarity": (found.similarity - mean) / deviation,
                "bm25": found.bm25 / best_bm25,
                "overlap": found.overlap,
                "overlap_behind": found.overlap - best_overlap,
                "passage_score": found.hit.score,
                "passage_behind": found.hit.deviation - best_passage,
                "neighbour_behind": (max(beside) - best) / deviation,
                "expected": _expected(query, sentence.text),
                "heading": float(sentence.kind == "heading"),
                "bullet": float(sentence.kind == "bullet"),
                "length": math.log(len(sentence.text.split()) / 20),
            }
        )
    return features


def question_features(candidates: Candidates, scores: Sequence[float]) -> dict[str, float]:
    """What tells whether a question is about the article and answered, by name; `scores` are the sentences'."""
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    top = candidates.sentences[order[0]]
    query = candidates.query
    sentence = top.sentence(query.written or query.language)
    deviations = [found.deviation for found in candidates.sentences]
    return {
        "best_score": logit(scores[order[0]]),
        "margin": logit(scores[order[0]]) - logit(scores[order[min(3, len(order) - 1)]]),
        "similarity": max(deviations),
        "similarity_of_best": top.deviation,
        "passage_similarity": max(hit.deviation for hit in candidates.hits),
        "similarity_spread": max(deviations) - fmean(deviations),
        "overlap": max(found.overlap for found in candidates.sentences),
        "overlap_of_best": top.overlap,
        "expected": _expected(query, sentence.text),
        "closed": float(expectation_of(query.asked) != "open"),
    }


def case_of(found: SentenceHit) -> str:
    """Which weights a sentence is weighed with: "within" a language, or "across" two, where words tell nothing."""
    return "across" if found.across else "within"


def _expected(query: Query, sentence: str) -> float:
    """0.5 where a sentence holds the kind of answer that is asked for, -0.5 where not, 0 where the question is open."""
    quantity = asked_quantity(query.asked)
    if quantity is not None:
        return float(gives_quantity(quantity, sentence)) - 0.5
    return meets(expectation_of(query.asked), sentence) - 0.5


def lacks_quantity(candidates: Candidates) -> bool:
    """Whether a quantity is asked for that no sentence gives, as far as that can be read in the question's language."""
    query = candidates.query
    quantity = asked_quantity(query.asked)
    if quantity is None or query.written is None or any(found.across for found in candidates.sentences):
        return False
    return not any(gives_quantity(quantity, found.sentence(query.written).text) for found in candidates.sentences)


class LinearJudge:
    """Three logistic regressions: is the question about the article, which sentences answer it, how surely.

    Each has weights for questions in the language of an edition, and for those in another.
    """

    def __init__(self, threshold: float | None = None, weights: Mapping[str, Any] | None = None) -> None:
        """`threshold`, for both languages, and `weights` take the place of the fitted ones (see weights.json)."""
        fitted = weights or json.loads((files("qa") / "weights.json").read_text(encoding="utf-8"))
        self._models: Mapping[str, Mapping[str, Mapping[str, float]]] = fitted["models"]
        self._on_topic: float = fitted["on_topic"]
        self._cited_share: float = fitted["cited_share"]
        self._threshold: Mapping[str, float] = fitted["threshold"]
        if threshold is not None:
            self._threshold = dict.fromkeys(LANGUAGES, threshold)

    def judge(self, candidates: Candidates) -> Judgement:
        """Score every sentence, cite those that come near the best, refuse where the best is not good enough."""
        obvious = judged_at_sight(candidates)
        if obvious:
            return obvious
        weighed = self.weigh(candidates)
        threshold = self._threshold[candidates.query.language]
        confidence = weighed.confidence
        refusal: Reason | None = None
        if weighed.topic < self._on_topic and not candidates.follows:
            # What is not about the article is not answered, however well a sentence matches.
            refusal, confidence = "off_topic", min(confidence, weighed.topic, threshold)
        elif confidence < threshold or lacks_quantity(candidates):
            refusal, confidence = "not_stated", min(confidence, threshold)
        enough = self._cited_share * max(weighed.scores)
        pairs = zip(candidates.sentences, weighed.scores, strict=True)
        return Judgement(confidence, refusal, in_order(Evidence(found, s, s >= enough) for found, s in pairs))

    def weigh(self, candidates: Candidates) -> Weighed:
        """What search says of the candidates, of which there must be some."""
        scores = tuple(
            probability(self._models[case_of(found)]["sentence"], features)
            for found, features in zip(candidates.sentences, sentence_features(candidates), strict=True)
        )
        best = max(range(len(scores)), key=scores.__getitem__)
        models = self._models[case_of(candidates.sentences[best])]
        features = question_features(candidates, scores)
        return Weighed(scores, probability(models["topic"], features), probability(models["confidence"], features))


def judged_at_sight(candidates: Candidates) -> Judgement | None:
    """The judgement where nothing was found, or where a question asks what the article is about."""
    if not candidates.sentences:
        return Judgement(0.0, "off_topic", ())
    if asks_for_gist(candidates.query.text):  # the candidates are what the articles begin with
        return Judgement(1.0, None, tuple(Evidence(found, 1.0, True) for found in candidates.sentences))
    return None


def weigh_follow_up(together: Judgement, alone: Judgement) -> Judgement:
    """The judgement of a follow-up with what was asked before it, in the light of that of the follow-up by itself.

    What was asked before has an answer, which a follow-up about something else ("And photosynthesis?") would only get
    again: where it finds too little by itself, it is refused.
    """
    if together.refusal:
        return together
    fitted = json.loads((files("qa") / "weights.json").read_text(encoding="utf-8"))["follow_up"]
    confidence = probability(fitted["model"], follow_up_features(together, alone))
    if confidence >= fitted["threshold"]:
        return together
    return Judgement(min(together.confidence, confidence), "not_stated", together.evidence)


def follow_up_features(together: Judgement, alone: Judgement) -> dict[str, float]:
    """What tells whether a follow-up is answered, by name."""
    return {"together": logit(together.confidence), "alone": logit(alone.confidence)}


def in_order(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Best first; equals as in their articles."""
    return tuple(sorted(evidence, key=lambda one: (-one.score, one.found.article.id, one.found.index)))


def probability(weights: Mapping[str, float], features: Mapping[str, float]) -> float:
    """What a logistic regression gives for features by name; `weights` names those that it uses, and "bias"."""
    value = sum(weight * (1.0 if name == "bias" else features[name]) for name, weight in weights.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))


def logit(probability: float) -> float:
    """Log-odds, kept finite."""
    return math.log((probability + 1e-4) / (1 - probability + 1e-4))
