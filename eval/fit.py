"""Fit the weights of the linear judge (qa/weights.json) and say how well they do on questions they were not fitted on.

    python -m eval.fit AFRIQA_DIR [--work DIR]

Three logistic regressions, fitted twice: "within" for questions in the language of an edition, "across" for questions
in the other one, where no word of the question is in the text.

- sentence: does this sentence answer? On the article's dev questions (weight 3) and AfriQA's (weight 1).
- topic: is the question about the article? Its answered and near-miss questions against the off-topic ones,
  instructions, and AfriQA's questions asked of this article (weight 0.3).
- confidence: is what would be cited right? On the article's dev questions.

Every figure printed is from eight-fold cross-validation by fact, so that no wording of a fact helps to answer another.
Test questions are not read.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.afriqa import read_passages, read_questions
from qa import (
    Article,
    Candidates,
    Edition,
    Engine,
    Judgement,
    Language,
    Settings,
    load_articles,
    probability,
    question_features,
    sentence_features,
)

WEIGHTS = Path(__file__).parent.parent / "qa" / "weights.json"
FIGURES = Path(__file__).parent / "results" / "fit.json"
SET = Path(__file__).parent / "sets" / "article.jsonl"
FOLDS = 8
ARTICLE_WEIGHT = 3.0
ENGLISH_PASSAGES = 600
"""AfriQA has six times as many English passages as French: the first of them are enough for balance."""
ON_TOPIC = 0.95
"""The topic's threshold lets through this share of the dev questions that the article answers."""
RIGHT_KEPT = 0.94
"""The confidence's threshold keeps this share of the dev answers that are right."""
STRANGERS = 300
"""AfriQA questions per language that are asked of the article, which is not about them."""
STRANGER_WEIGHT = 0.3
TOPIC_FEATURES = (
    "similarity",
    "similarity_of_best",
    "passage_similarity",
    "similarity_spread",
    "overlap",
    "overlap_of_best",
)
CITED_SHARE = 0.4
"""A sentence is cited beside the best one from this share of its probability; chosen on dev by hit and precision."""

AFRIQA = "afriqa"
WORDINGS = ("plain", "paraphrase")

Row = dict[str, float]
Scores = dict[int, list[float]]
"""The scores of an example's sentences, by the example's id()."""


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


class Unfitted:
    """Stands where a judge would: candidates are examined here, never judged."""

    def judge(self, candidates: Candidates) -> Judgement:
        """Never called."""
        raise NotImplementedError


def article_examples(
    settings: Settings, original: Edition, asked_in: Sequence[str], strangers: Mapping[str, Sequence[str]]
) -> list[Example]:
    """The dev questions in the languages `asked_in` on an article, or on one edition of it, and those of strangers."""
    examples = []
    with Engine.open(settings, judge=Unfitted()) as engine:
        for line in SET.read_text(encoding="utf-8").splitlines():
            question = json.loads(line)
            if question["split"] != "dev" or question["language"] not in asked_in:
                continue
            candidates = engine.examine(question["question"], question["language"])
            holds = [
                any(evidence in original.sentences[found.index].text for evidence in question["evidence"])
                for found in candidates.sentences
            ]
            names = (question["fact"], question["language"], question["kind"], question["wording"])
            examples.append(Example(*names, candidates, np.array(holds), ARTICLE_WEIGHT))
        for language in asked_in:
            for place, text in enumerate(strangers[language]):
                candidates = engine.examine(text, language)
                gold = np.zeros(len(candidates.sentences), np.bool_)
                names = (f"stranger {language} {place}", language, "stranger", "plain")
                examples.append(Example(*names, candidates, gold, STRANGER_WEIGHT))
    return examples


def read_strangers(folder: Path) -> dict[str, list[str]]:
    """AfriQA questions of each language, spread over the file."""
    found = {}
    for language in ("fr", "en"):
        questions = read_questions(folder, language)
        found[language] = [row["question"] for row in questions[:: max(1, len(questions) // STRANGERS)]]
    return found


def across_examples(article: Article, work: Path, strangers: Mapping[str, Sequence[str]]) -> list[Example]:
    """The dev questions in each language on the edition in the other: no word of a question is in the text."""
    examples = []
    original = article.editions[article.original]
    directions: tuple[tuple[Language, Language], ...] = (("fr", "en"), ("en", "fr"))
    for written, asked_in in directions:
        source = work / f"{written}.txt"
        source.write_bytes(article.text(written).encode("utf-8"))
        settings = Settings(sources=source, data_dir=work / f"index-only-{written}")
        examples += article_examples(settings, original, (asked_in,), strangers)
    return examples


def afriqa_examples(folder: Path, language: str, work: Path, limit: int | None = None) -> list[Example]:
    """Every second AfriQA question whose passage is among the first `limit`, searched in all of these passages."""
    passages = read_passages(folder, language)
    texts = work / f"afriqa-{language}"
    texts.mkdir(parents=True, exist_ok=True)
    sources = []
    for passage_id in list(passages)[:limit]:
        source = texts / f"{passage_id}.txt"
        source.write_bytes(passages[passage_id].encode("utf-8"))
        sources.append(source)
    known = {source.stem for source in sources}
    examples = []
    with Engine.open(Settings(sources=tuple(sources), data_dir=work / f"index-{language}"), judge=Unfitted()) as engine:
        questions = [question for question in read_questions(folder, language) if question["passage_id"] in known]
        for question in questions[1::2]:
            candidates = engine.examine(question["question"], language)
            gold = []
            for found in candidates.sentences:
                sentence = found.sentence(found.article.original)
                overlaps = sentence.start < question["end"] and question["start"] < sentence.end
                gold.append(found.article.id == question["passage_id"] and overlaps)
            if any(gold):
                examples.append(Example(question["id"], language, AFRIQA, "", candidates, np.array(gold), 1.0))
    return examples


def fit(rows: Sequence[Row], labels: Sequence[bool] | NDArray[np.bool_], weights: Sequence[float], c: float) -> Row:
    """The weights of a logistic regression (inverse regularisation `c`) by feature name, "bias" among them."""
    from sklearn.linear_model import LogisticRegression

    names = list(rows[0])
    matrix = np.array([[row[name] for name in names] for row in rows])
    model = LogisticRegression(C=c, max_iter=5000).fit(matrix, labels, sample_weight=weights)
    coefficients = [round(value, 4) for value in model.coef_[0].tolist()]
    return {"bias": round(float(model.intercept_[0]), 4), **dict(zip(names, coefficients, strict=True))}


def fit_sentences(examples: Sequence[Example]) -> Row:
    """Fit on the sentences of the questions that are answered."""
    used = [example for example in examples if example.gold.any()]
    rows = [row for example in used for row in example.rows]
    weights = [example.weight for example in used for _ in example.rows]
    return fit(rows, np.concatenate([example.gold for example in used]), weights, 1.0)


def fit_topic(examples: Sequence[Example], scores: Scores) -> Row:
    """Fit on all that is asked of the article, strangers included."""
    rows = []
    for example in examples:
        features = question_features(example.candidates, scores[id(example)])
        rows.append({name: features[name] for name in TOPIC_FEATURES})
    labels = [example.kind in ("answerable", "near_miss") for example in examples]
    weights = [STRANGER_WEIGHT if example.kind == "stranger" else 1.0 for example in examples]
    return fit(rows, labels, weights, 1.0)


def fit_confidence(examples: Sequence[Example], scores: Scores) -> Row:
    """Fit on the article's own questions: is the evidence among what would be cited?"""
    own = [example for example in examples if example.kind != "stranger"]
    rows = [question_features(example.candidates, scores[id(example)]) for example in own]
    return fit(rows, [is_right(example, scores) for example in own], [1.0] * len(rows), 0.1)


def is_right(example: Example, scores: Scores) -> bool:
    """Whether the sentences that would be cited hold evidence."""
    values = np.array(scores[id(example)])
    cited = [place for place in np.argsort(-values)[:3] if values[place] >= CITED_SHARE * values.max()]
    return bool(example.gold[cited].any())


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a question is answered."""

    on_topic: float
    threshold: Mapping[str, float]
    """Of the confidence, by language: the same share of right answers is kept in each."""


@dataclass(frozen=True, slots=True)
class Validated:
    """What models fitted on the other facts give each example of the article, by id()."""

    scores: Scores
    topic: dict[int, float]
    confidence: dict[int, float]


def cross_validate(examples: Sequence[Example]) -> Validated:
    """Fold by fact: sentence scores first, then topic and confidence on these."""
    facts = sorted({example.fact for example in examples})
    folds = {fact: place % FOLDS for place, fact in enumerate(facts)}
    article = [example for example in examples if example.kind != AFRIQA]
    scores: Scores = {}
    for fold in range(FOLDS):
        weights = fit_sentences([example for example in examples if folds[example.fact] != fold])
        held_out = [example for example in article if folds[example.fact] == fold]
        scores.update((id(one), [probability(weights, row) for row in one.rows]) for one in held_out)
    topic: dict[int, float] = {}
    confidence: dict[int, float] = {}
    for fold in range(FOLDS):
        others = [example for example in article if folds[example.fact] != fold]
        of_topic, of_confidence = fit_topic(others, scores), fit_confidence(others, scores)
        for one in (example for example in article if folds[example.fact] == fold):
            features = question_features(one.candidates, scores[id(one)])
            topic[id(one)] = probability(of_topic, features)
            confidence[id(one)] = probability(of_confidence, features)
    return Validated(scores, topic, confidence)


def thresholds(examples: Sequence[Example], validated: Validated) -> Limits:
    """From which topic and which confidence a question is answered."""
    answerable = [example for example in examples if example.kind == "answerable"]
    on_topic = np.quantile([validated.topic[id(example)] for example in answerable], 1 - ON_TOPIC)
    right = [example for example in answerable if is_right(example, validated.scores)]
    confidence = {
        language: np.quantile([validated.confidence[id(e)] for e in right if e.language == language], 1 - RIGHT_KEPT)
        for language in ("fr", "en")
    }
    return Limits(round(float(on_topic), 3), {key: round(float(value), 3) for key, value in confidence.items()})


def figures(examples: Sequence[Example], validated: Validated, limits: Limits) -> dict[str, Any]:
    """Cross-validated figures per language, and per wording or kind."""
    from sklearn.metrics import roc_auc_score

    table: dict[str, Any] = {}
    article = [example for example in examples if example.kind != AFRIQA]
    for language in ("fr", "en"):
        groups: dict[str, list[Example]] = {}
        for one in (example for example in article if example.language == language):
            groups.setdefault(one.wording if one.kind == "answerable" else one.kind, []).append(one)
        answerable = [validated.confidence[id(one)] for name in WORDINGS for one in groups[name]]
        for name, group in groups.items():
            refused = [
                validated.topic[id(one)] < limits.on_topic or validated.confidence[id(one)] < limits.threshold[language]
                for one in group
            ]
            row = {"questions": len(group), "refused": round(float(np.mean(refused)), 3)}
            if name in WORDINGS:
                row["right sentence cited"] = round(float(np.mean([is_right(e, validated.scores) for e in group])), 3)
            else:
                values = answerable + [validated.confidence[id(one)] for one in group]
                labels = [1] * len(answerable) + [0] * len(group)
                row["AUROC of confidence"] = round(float(roc_auc_score(labels, values)), 3)
            table[f"{language} {name}"] = row
    return table


def main() -> None:
    """Fit, print the figures and write the weights."""
    parser = argparse.ArgumentParser(description="Fit qa/weights.json.")
    parser.add_argument("afriqa", type=Path, help="folder with AfriQA's fr/ and en/")
    parser.add_argument("--work", type=Path, help="folder for the indexes of AfriQA, kept for the next time")
    options = parser.parse_args()
    article = load_articles(())[0]
    strangers = read_strangers(options.afriqa)
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        settings = Settings(data_dir=work / "index-article")
        within = article_examples(settings, article.editions[article.original], ("fr", "en"), strangers)
        across = across_examples(article, work, strangers)
        within += afriqa_examples(options.afriqa, "fr", work)
        within += afriqa_examples(options.afriqa, "en", work, ENGLISH_PASSAGES)
    models, table = {}, {}
    limits: Limits | None = None
    for case, examples in (("within", within), ("across", across)):
        validated = cross_validate(examples)
        limits = limits or thresholds(examples, validated)
        own = [example for example in examples if example.kind != AFRIQA]
        models[case] = {
            "sentence": fit_sentences(examples),
            "topic": fit_topic(own, validated.scores),
            "confidence": fit_confidence(own, validated.scores),
        }
        table[case] = figures(examples, validated, limits)
    assert limits is not None
    weights = {"fitted_by": "python -m eval.fit", **asdict(limits), "cited_share": CITED_SHARE, "models": models}
    weights["reading"] = json.loads(WEIGHTS.read_text(encoding="utf-8"))["reading"]  # see fit_reading.py
    WEIGHTS.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")
    result = json.dumps({**asdict(limits), "cross-validated": table}, indent=1, ensure_ascii=False)
    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.write_text(result + "\n", encoding="utf-8")
    print(result)


if __name__ == "__main__":
    main()
