"""Fit the weights of the linear judge (qa/weights.json) and say how well they do on questions they were not fitted on.

    python -m eval.fit AFRIQA_DIR [--work DIR]

Sentences are scored by a logistic regression fitted on the article's dev questions (weight 3) and on AfriQA's
(weight 1); the confidence by one fitted on the article's dev questions alone. Every figure printed is from
eight-fold cross-validation by fact, so that no wording of a fact helps to answer another. Test questions are not read.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa import Candidates, Engine, Settings, question_features, sentence_features

WEIGHTS = Path(__file__).parent.parent / "qa" / "weights.json"
FIGURES = Path(__file__).parent / "results" / "fit.json"
SET = Path(__file__).parent / "sets" / "article.jsonl"
FOLDS = 8
ARTICLE_WEIGHT = 3.0
ENGLISH_PASSAGES = 600
"""AfriQA has six times as many English passages as French: the first of them are enough for balance."""
ANSWERED = 0.96
"""The threshold is set so that this share of the dev questions that the article answers is answered."""

Row = dict[str, float]


@dataclass(slots=True)
class Example:
    """A question with what search found, and which of the sentences answer it."""

    fact: str
    language: str
    kind: str
    wording: str
    candidates: Candidates
    gold: NDArray[np.bool_]
    weight: float
    rows: list[Row] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = sentence_features(self.candidates)


def article_examples(settings: Settings) -> list[Example]:
    """The dev questions on the default article."""
    examples = []
    with Engine.open(settings) as engine, SET.open(encoding="utf-8") as lines:
        original = engine.articles[0].editions[engine.articles[0].original]
        for question in map(json.loads, lines):
            if question["split"] != "dev":
                continue
            candidates = engine.examine(question["question"], question["language"])
            gold = [
                any(evidence in original.sentences[found.index].text for evidence in question["evidence"])
                for found in candidates.sentences
            ]
            names = (question["fact"], question["language"], question["kind"], question["wording"])
            examples.append(Example(*names, candidates, np.array(gold), ARTICLE_WEIGHT))
    return examples


def afriqa_examples(folder: Path, language: str, work: Path, limit: int | None = None) -> list[Example]:
    """Every second AfriQA question whose passage is among the first `limit`, searched in all of these passages."""
    passages = [json.loads(line) for line in (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines()]
    texts = work / f"afriqa-{language}"
    texts.mkdir(parents=True, exist_ok=True)
    sources = []
    for passage in passages[:limit]:
        source = texts / f"{passage['id']}.txt"
        source.write_bytes(passage["text"].encode("utf-8"))
        sources.append(source)
    known = {source.stem for source in sources}
    examples = []
    with Engine.open(Settings(sources=tuple(sources), data_dir=work / f"index-{language}")) as engine:
        lines = (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()
        questions = [q for q in map(json.loads, lines) if q["answerable"] and q["passage_id"] in known]
        for question in questions[1::2]:
            candidates = engine.examine(question["question"], language)
            gold = []
            for found in candidates.sentences:
                sentence = found.sentence(found.article.original)
                overlaps = sentence.start < question["end"] and question["start"] < sentence.end
                gold.append(found.article.id == question["passage_id"] and overlaps)
            if any(gold):
                examples.append(
                    Example(question["id"], language, "answerable", "afriqa", candidates, np.array(gold), 1.0)
                )
    return examples


def fit(rows: Sequence[Row], labels: Sequence[bool] | NDArray[np.bool_], weights: Sequence[float]) -> Row:
    """The weights of a logistic regression by feature name, "bias" among them."""
    from sklearn.linear_model import LogisticRegression

    names = list(rows[0])
    matrix = np.array([[row[name] for name in names] for row in rows])
    model = LogisticRegression(C=1.0, max_iter=5000).fit(matrix, labels, sample_weight=weights)
    return {"bias": float(model.intercept_[0]), **dict(zip(names, model.coef_[0].tolist(), strict=True))}


def apply(weights: Row, row: Row) -> float:
    """The probability that a fitted regression gives."""
    return float(1 / (1 + np.exp(-weights["bias"] - sum(weights[name] * value for name, value in row.items()))))


def fit_sentences(examples: Sequence[Example]) -> Row:
    """Fit on the sentences of the questions that are answered."""
    used = [example for example in examples if example.gold.any()]
    rows = [row for example in used for row in example.rows]
    weights = [example.weight for example in used for _ in example.rows]
    return fit(rows, np.concatenate([example.gold for example in used]), weights)


def fit_confidence(examples: Sequence[Example], scores: dict[int, list[float]]) -> Row:
    """Fit on the article's questions, each kind with its number."""
    rows = [question_features(example.candidates, scores[id(example)]) for example in examples]
    return fit(rows, [example.kind == "answerable" for example in examples], [1.0] * len(rows))


def cross_validate(examples: Sequence[Example]) -> tuple[dict[int, list[float]], dict[int, float]]:
    """Sentence scores and confidence of each of the article's examples, by models fitted on the other facts."""
    facts = sorted({example.fact for example in examples})
    folds = {fact: place % FOLDS for place, fact in enumerate(facts)}
    article = [example for example in examples if example.weight == ARTICLE_WEIGHT]

    def each_fold(use: Callable[[list[Example], list[Example]], None]) -> None:
        for fold in range(FOLDS):
            use(
                [example for example in examples if folds[example.fact] != fold],
                [example for example in article if folds[example.fact] == fold],
            )

    scores: dict[int, list[float]] = {}
    confidence: dict[int, float] = {}

    def score(others: list[Example], held_out: list[Example]) -> None:
        weights = fit_sentences(others)
        scores.update((id(example), [apply(weights, row) for row in example.rows]) for example in held_out)

    def trust(others: list[Example], held_out: list[Example]) -> None:
        weights = fit_confidence([example for example in others if example.weight == ARTICLE_WEIGHT], scores)
        for example in held_out:
            features = question_features(example.candidates, scores[id(example)])
            confidence[id(example)] = apply(weights, features)

    each_fold(score)
    each_fold(trust)
    return scores, confidence


def off_topic_limit(examples: Sequence[Example], scores: dict[int, list[float]]) -> float:
    """The similarity below which a question is off topic: midway between off-topic and plainly answered questions."""

    def similarities(kind: str) -> list[float]:
        chosen = [example for example in examples if example.kind == kind and example.wording == "plain"]
        return [question_features(e.candidates, scores[id(e)])["similarity"] for e in chosen]

    return (max(similarities("off_topic")) + min(similarities("answerable"))) / 2


def figures(
    examples: Sequence[Example], scores: dict[int, list[float]], confidence: dict[int, float], threshold: float
) -> dict[str, Any]:
    """Cross-validated figures per language and wording."""
    from sklearn.metrics import roc_auc_score

    table: dict[str, Any] = {}
    for language in ("fr", "en"):
        here = [example for example in examples if example.language == language and example.weight == ARTICLE_WEIGHT]
        answered = [example for example in here if example.kind == "answerable"]
        for wording in ("plain", "paraphrase"):
            ranks = []
            for example in (e for e in answered if e.wording == wording):
                order = np.argsort(-np.array(scores[id(example)]))
                ranks.append(next((place for place, at in enumerate(order) if example.gold[at]), 99))
            table[f"{language} {wording}"] = {
                f"right sentence in first {k}": round(float(np.mean(np.array(ranks) < k)), 3) for k in (1, 2, 3)
            }
        positive = [confidence[id(example)] for example in answered]
        row: dict[str, float] = {"answered": round(float(np.mean(np.array(positive) >= threshold)), 3)}
        for kind in ("near_miss", "off_topic", "instruction"):
            negative = [confidence[id(example)] for example in here if example.kind == kind]
            labels = [1] * len(positive) + [0] * len(negative)
            row[f"{kind} AUROC"] = round(float(roc_auc_score(labels, positive + negative)), 3)
            row[f"{kind} refused by confidence alone"] = round(float(np.mean(np.array(negative) < threshold)), 3)
        table[f"{language} refusal"] = row
    return table


def main() -> None:
    """Fit, print the figures and write the weights."""
    parser = argparse.ArgumentParser(description="Fit qa/weights.json.")
    parser.add_argument("afriqa", type=Path, help="folder with AfriQA's fr/ and en/")
    parser.add_argument("--work", type=Path, help="folder for the indexes of AfriQA, kept for the next time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        examples = article_examples(Settings(data_dir=work / "index-article"))
        article = list(examples)
        examples += afriqa_examples(options.afriqa / "fr", "fr", work)
        examples += afriqa_examples(options.afriqa / "en", "en", work, ENGLISH_PASSAGES)
    scores, confidence = cross_validate(examples)
    answerable = [confidence[id(example)] for example in article if example.kind == "answerable"]
    threshold = round(float(np.quantile(answerable, 1 - ANSWERED)), 3)
    weights = {
        "fitted_by": "python -m eval.fit",
        "sentence": fit_sentences(examples),
        "confidence": fit_confidence(article, scores),
        "threshold": threshold,
        "off_topic": round(off_topic_limit(article, scores), 2),
        "cited_share": 0.5,
    }
    rounded = {k: {n: round(v, 4) for n, v in w.items()} if isinstance(w, dict) else w for k, w in weights.items()}
    WEIGHTS.write_text(json.dumps(rounded, indent=1) + "\n", encoding="utf-8")
    table = {
        "questions": {"article": len(article), "afriqa": len(examples) - len(article)},
        "threshold": threshold,
        "off_topic": rounded["off_topic"],
        "cross-validated": figures(examples, scores, confidence, threshold),
    }
    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(table, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
