"""Search and reading together: which sentences answer, with which words, and how surely any does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from qa.evidence import (
    Candidates,
    Evidence,
    Judgement,
    LinearJudge,
    Weighed,
    in_order,
    judged_at_sight,
    lacks_quantity,
    logit,
    probability,
)
from qa.reading import Reader, SentenceReading
from qa.retrieval import SentenceHit
from qa.types import Reason

AT_ONCE = 2
"""Windows read before it is asked whether one answers."""
AT_MOST = 6
"""Windows read for one question: more are read as long as none read so far answers it."""
FOUND = 0.0
"""Log-odds of the best evidence from which reading ends: on dev questions more reading finds no more."""


@dataclass(frozen=True, slots=True)
class Read:
    """A sentence that was read: what search and the reader say of it."""

    found: SentenceHit
    searched: float
    """Probability by search alone, 0 to 1."""
    reading: SentenceReading


class ReadingJudge:
    """Reads what search ranks highest, and weighs both in logistic regressions: sentences, the topic, the answer."""

    def __init__(self, reader: Reader, risk: float, weights: Mapping[str, Any] | None = None) -> None:
        """`risk`: the share of answers that may be wrong, above 0 to 1. `weights` replace the fitted ones."""
        fitted = weights or json.loads((files("qa") / "weights.json").read_text(encoding="utf-8"))
        self._linear = LinearJudge(weights=fitted)
        self._reader = reader
        self._models: Mapping[str, Mapping[str, float]] = fitted["reading"]["models"]
        self._on_topic: float = fitted["reading"]["on_topic"]
        self._cited_share: float = fitted["reading"]["cited_share"]
        self._threshold = threshold_for(risk, fitted["reading"]["risks"])

    def judge(self, candidates: Candidates) -> Judgement:
        """Read, weigh, cite what comes near the best, refuse where the best is not good enough."""
        obvious = judged_at_sight(candidates)
        if obvious:
            return obvious
        weighed = self._linear.weigh(candidates)
        read = read_candidates(self._reader, candidates, weighed)
        scores = [probability(self._models["sentence"], features) for features in read_features(read)]
        features = answer_features(candidates, weighed, read, scores)
        confidence = probability(self._models["answer"], features)
        topic = probability(self._models["topic"], features)
        refusal: Reason | None = None
        if topic < self._on_topic and not candidates.follows:
            refusal, confidence = "off_topic", min(confidence, topic, self._threshold)
        elif confidence < self._threshold:
            refusal = "not_stated"
        cited = self._cited_share * max(scores)
        pairs = zip(read, scores, strict=True)
        return Judgement(
            confidence,
            refusal,
            in_order(Evidence(r.found, s, s >= cited, (r.reading.start, r.reading.end)) for r, s in pairs),
        )


def read_candidates(reader: Reader, candidates: Candidates, weighed: Weighed) -> list[Read]:
    """Readings of the sentences that search ranks highest and of their neighbours, in the answer's language."""
    language = candidates.query.language
    order = sorted(range(len(weighed.scores)), key=lambda place: -weighed.scores[place])
    places = {(found.article.id, found.index): place for place, found in enumerate(candidates.sentences)}
    read: dict[int, Read] = {}
    windows_read = 0
    for place in order:
        if place in read:
            continue
        found = candidates.sentences[place]
        texts = [sentence.text for sentence in found.article.edition(language).sentences]
        run = reader.around(texts, found.index)
        (readings,) = reader.read_sentences(candidates.query.text, [[texts[index] for index in run]])
        for index, reading in zip(run, readings, strict=True):
            at = places.get((found.article.id, index))
            if at is not None and (at not in read or index == found.index):
                read[at] = Read(candidates.sentences[at], weighed.scores[at], reading)
        windows_read += 1
        found_one = max(one.reading.evidence for one in read.values()) >= FOUND
        if windows_read == AT_MOST or (found_one and windows_read % AT_ONCE == 0):
            break
    return [read[place] for place in sorted(read)]


def read_features(read: Sequence[Read]) -> list[dict[str, float]]:
    """What tells of each sentence read whether it answers, by name."""
    evidence = [one.reading.evidence for one in read]
    searched = [logit(one.searched) for one in read]
    return [
        {
            "evidence": e,
            "evidence_behind": e - max(evidence),
            "searched": s,
            "searched_behind": s - max(searched),
            "evidence_across": e * one.found.across,
            "searched_across": s * one.found.across,
        }
        for one, e, s in zip(read, evidence, searched, strict=True)
    ]


def answer_features(
    candidates: Candidates, weighed: Weighed, read: Sequence[Read], scores: Sequence[float]
) -> dict[str, float]:
    """What tells whether a question is answered, by name; `scores` are those of the sentences read."""
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    best = read[order[0]]
    evidence = sorted((one.reading.evidence for one in read), reverse=True)
    return {
        "best_score": logit(scores[order[0]]),
        "evidence": best.reading.evidence,
        "evidence_ahead": evidence[0] - evidence[min(2, len(evidence) - 1)],
        "searched": logit(best.searched),
        "searched_confidence": logit(weighed.confidence),
        "topic": logit(weighed.topic),
        "lacks_quantity": float(lacks_quantity(candidates)),
        "across": float(best.found.across),
    }


def threshold_for(risk: float, risks: Sequence[Sequence[float]]) -> float:
    """The lowest confidence from which on answers are wrong no more often than `risk`; `risks`: (confidence, risk)."""
    return next((confidence for confidence, wrong in risks if wrong <= risk), 1.0)
