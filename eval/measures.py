"""Measures over many scores: shares, 0 to 1, higher better, unless said otherwise; None where nothing is measured.

Retrieval (answerable questions; ir_measures):
- Success@1, Success@3, Success@5, RR@10: of passages that hold a whole evidence sentence.

Answers (answerable questions; a refusal or an error is wrong):
- answer_containment: an accepted short answer stands in the answer's text.
- citation_hit: at least one cited sentence is evidence.
- citation_precision, the headline: cited sentences that are evidence, of all sentences cited for answerable questions.
- citation_precision_refused_0: the same share per question, 0 for a refusal or an error, averaged.
- false_refusal_rate: answerable questions without an answer. Lower is better.
- short_given: of the answerable questions answered, those with a short answer; yes-no questions get none.
- short_contains: of those, the ones whose short answer holds an accepted answer, or stands in one.

Refusals (a refusal is the positive class of precision and recall), over all kinds of unanswerable questions, and with
`/near_miss`, `/off_topic`, `/instruction` against the answerable ones for one kind:
- refusal_precision, refusal_recall.
- refusal_auroc: how well confidence tells answerable from unanswerable, whatever the threshold; 0.5 is chance.

Risk, the share of answers that are wrong: the question has no answer in the article, or no sentence cited is evidence.
Were a refusal lifted, its nearest sentence would be cited; what else would be cited beside it does not count. A
question that failed is wrong, at the confidence that is worst for its kind. The curve (`curve_of`) says how risk
changes with coverage, the share of questions answered, as lower and lower confidence is enough to answer:
- aurc: area under that curve: the mean of the risks when the one, two, three… surest questions are answered, equally
  sure ones in random order. Lower is better. Only where every answer would be right is it 0; where some questions have
  no answer no judge reaches that, so compare it over the same questions.

Every question:
- quote_validity: citations whose quotes, in the edition cited and in the original, stand in the files where they say.
- answer_language: answers and refusals in the question's language, all of their quotes too.
- latency_p50_ms, latency_p95_ms: of `ask`, warm, in milliseconds. Lower is better.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from eval.questions import UNANSWERABLE, WORDINGS
from eval.scores import RETRIEVAL, Score

Measures: TypeAlias = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of the questions, and the measures over them."""

    name: str
    """all, a language, or a language and a wording: `fr/paraphrase` (its answerable questions only)."""
    counts: Mapping[str, int]
    measures: Measures


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What would be answered if confidence from `threshold` were enough, other grounds of refusal left aside."""

    threshold: float
    coverage: float
    """Share of all questions answered, above 0."""
    risk: float
    """Share of the questions answered whose answer would be wrong."""
    answered: float | None
    """Share of the answerable questions answered."""
    refused: Mapping[str, float | None]
    """Share of the unanswerable questions refused, by kind."""


def slices_of(scores: Sequence[Score]) -> Iterator[Slice]:
    """All questions, those of each language, and the answerable ones of each language by wording.

    Unanswerable questions stay out of the wordings: nothing in the article tells plain words for them from others.
    """
    yield _slice("all", scores)
    for language in ("fr", "en"):
        written = [score for score in scores if score.question.language == language]
        yield _slice(language, written)
        for wording in WORDINGS:
            chosen = [s for s in written if s.question.answerable and s.question.wording == wording]
            yield _slice(f"{language}/{wording}", chosen)


def curves_of(scores: Sequence[Score]) -> dict[str, tuple[CurvePoint, ...]]:
    """The curve of all questions, and of those of each language that there are, by name."""
    written = {"all": scores, **{lang: [s for s in scores if s.question.language == lang] for lang in ("fr", "en")}}
    return {name: tuple(curve_of(chosen)) for name, chosen in written.items() if chosen}


def curve_of(scores: Sequence[Score], points: int = 21) -> Iterator[CurvePoint]:
    """The trade between coverage and risk, at thresholds spread evenly over the confidences that occurred.

    Thresholds rise, so coverage falls: it is 1 at the first point. There must be scores.
    """
    confidences = np.array([score.confidence for score in scores])
    for threshold in np.unique(np.quantile(confidences, np.linspace(0, 1, points), method="nearest")).tolist():
        above = [score for score in scores if score.confidence >= threshold]
        yield CurvePoint(
            threshold=threshold,
            coverage=len(above) / len(scores),
            risk=sum(not s.would_hit for s in above) / len(above),
            answered=_mean(s.confidence >= threshold for s in scores if s.question.answerable),
            refused={
                kind: _mean(s.confidence < threshold for s in scores if s.question.kind == kind)
                for kind in UNANSWERABLE
            },
        )


def _slice(name: str, scores: Sequence[Score]) -> Slice:
    kinds = Counter[str](score.question.kind for score in scores)
    counts: dict[str, int] = {
        "questions": len(scores),
        **{kind: kinds[kind] for kind in ("answerable", *UNANSWERABLE)},
        "answered": sum(s.answered for s in scores),
        "citations": sum(s.cited for s in scores),
        "errors": sum(s.answer is None for s in scores),
    }
    return Slice(name, counts, measures_of(scores))


def measures_of(scores: Sequence[Score]) -> Measures:
    """Every measure over `scores`, by name."""
    answerable = [score for score in scores if score.question.answerable]
    return {
        **{str(name): _mean(score.retrieval[str(name)] for score in answerable) for name in RETRIEVAL},
        **_answers(answerable),
        **_refusals(answerable, [score for score in scores if not score.question.answerable], ""),
        **{
            name: value
            for kind in UNANSWERABLE
            for name, value in _refusals(
                answerable, [score for score in scores if score.question.kind == kind], f"/{kind}"
            ).items()
        },
        "aurc": _aurc(scores),
        "quote_validity": _share(sum(s.valid_quotes for s in scores), sum(s.cited for s in scores)),
        "answer_language": _mean(score.right_language for score in scores),
        **_latency(scores),
    }


def _answers(answerable: Sequence[Score]) -> Measures:
    answered = [score for score in answerable if score.answered]
    return {
        "answer_containment": _mean(score.holds_answer for score in answerable),
        "citation_hit": _mean(score.cited_evidence > 0 for score in answerable),
        "citation_precision": _share(sum(s.cited_evidence for s in answerable), sum(s.cited for s in answerable)),
        "citation_precision_refused_0": _mean(_share(s.cited_evidence, s.cited) or 0.0 for s in answerable),
        "false_refusal_rate": _mean(not score.answered for score in answerable),
        "short_given": _mean(bool(score.short) for score in answered),
        "short_contains": _mean(score.short_right for score in answered if score.short),
    }


def _refusals(answerable: Sequence[Score], unanswerable: Sequence[Score], suffix: str) -> Measures:
    right, wrong = (sum(score.refused for score in scores) for scores in (unanswerable, answerable))
    return {
        f"refusal_precision{suffix}": _share(right, right + wrong) if unanswerable else None,
        f"refusal_recall{suffix}": _share(right, len(unanswerable)),
        f"refusal_auroc{suffix}": _auroc(answerable, unanswerable),
    }


def _auroc(answerable: Sequence[Score], unanswerable: Sequence[Score]) -> float | None:
    if not answerable or not unanswerable:
        return None
    from sklearn.metrics import roc_auc_score

    labels = [1] * len(answerable) + [0] * len(unanswerable)
    return float(roc_auc_score(labels, [score.confidence for score in (*answerable, *unanswerable)]))


def _aurc(scores: Sequence[Score]) -> float | None:
    if not scores:
        return None
    wrong = np.array([not score.would_hit for score in scores], np.float64)
    _, group, sizes = np.unique([-score.confidence for score in scores], return_inverse=True, return_counts=True)
    # Each question weighs as the mean of those as sure as it: their order is chance.
    surest_first = np.repeat(np.bincount(group, weights=wrong) / sizes, sizes)
    return float(np.mean(np.cumsum(surest_first) / np.arange(1, len(scores) + 1)))


def _latency(scores: Sequence[Score]) -> Measures:
    totals = [1000 * score.answer.timings["total"] for score in scores if score.answer is not None]
    return {f"latency_p{q}_ms": float(np.percentile(totals, q)) if totals else None for q in (50, 95)}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(values: Iterable[float]) -> float | None:
    found = [float(value) for value in values]
    return sum(found) / len(found) if found else None
