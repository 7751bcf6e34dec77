"""Fit how search and reading are weighed together: the "reading" part of qa/weights.json.

    python -m eval.fit_reading --work DIR

Questions are the article's dev questions and those of the written articles of held-out.jsonl, on neither of which the
reader was trained; each written article is indexed and asked by itself. Every figure printed, and the risk of each
confidence, is from five-fold cross-validation, by fact for the article and by article for the others. Test questions
are not read. Strangers, questions on the other written articles, are asked of each article too. Takes about ten
minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.fit import SET, WEIGHTS, Row, Unfitted, fit
from eval.train.written import HELD_OUT, offsets, write_source
from eval.train.written import read as read_written
from qa import (
    ArticleError,
    Candidates,
    Edition,
    Engine,
    LinearJudge,
    Read,
    Reader,
    SentenceTransformerEmbeddings,
    Settings,
    Weighed,
    answer_features,
    probability,
    read_candidates,
    read_features,
    threshold_for,
)

FIGURES = Path(__file__).parent / "results" / "fit-reading.json"
FOLDS = 5
ARTICLE_WEIGHT = 2.0
"""A question on the article, machine-translated as it is, counts as much as this many on the written ones."""
CITED_SHARE = 0.6
"""A sentence is cited beside the best one from this share of its probability; chosen by hit and precision."""
MOST_CITED = 3
STRANGERS = 5
"""Questions of another written article that each written article is asked, in each language."""
STRANGER_WEIGHT = 0.5
ON_TOPIC = 0.8
"""Probability below which a question is on something else. Of 248 AfriQA questions asked of the article 242 are
refused with it, 235 with 0.5, and of its dev questions none that is answered otherwise."""
STEPS = 60


@dataclass(slots=True)
class Example:
    """A question with what was found and read, and which of the sentences read answer it."""

    set: str
    group: str
    """What is kept together in cross-validation."""
    language: str
    kind: str
    wording: str
    candidates: Candidates
    weighed: Weighed
    read: list[Read]
    gold: NDArray[np.bool_]
    scores: NDArray[np.float64] = field(init=False)
    """Of the sentences read, once they are fitted."""
    confidence: float = field(init=False)
    topic: float = field(init=False)

    @property
    def weight(self) -> float:
        """How much the question counts."""
        weight = ARTICLE_WEIGHT if self.set == "article" else 1.0
        return weight * (STRANGER_WEIGHT if self.kind == "stranger" else 1.0)

    @property
    def answer(self) -> Row:
        """The features of the answer."""
        return answer_features(self.candidates, self.weighed, self.read, self.scores.tolist())

    @property
    def cited(self) -> list[int]:
        """The places of the sentences that would be cited."""
        best = np.argsort(-self.scores)[:MOST_CITED]
        return [int(place) for place in best if self.scores[place] >= CITED_SHARE * self.scores.max()]

    @property
    def right(self) -> bool:
        """Whether one of them answers."""
        return bool(self.gold[self.cited].any())


def examples_of(work: Path) -> Iterator[Example]:
    """The article's dev questions, and the questions of the written articles that were held out."""
    embedder = SentenceTransformerEmbeddings()
    reader = Reader.open(Settings(), embedder)
    articles = read_written(HELD_OUT)
    with Engine.open(Settings(data_dir=work / "index-article"), embedder=embedder, judge=Unfitted()) as engine:
        original = engine.articles[0].editions[engine.articles[0].original]
        for row in map(json.loads, SET.read_text(encoding="utf-8").splitlines()):
            if row["split"] == "dev":
                spans = [
                    (s.start, s.end) for s in original.sentences if any(part in s.text for part in row["evidence"])
                ]
                names = ("article", row["fact"], row["language"], row["kind"], row["wording"])
                yield _example(names, engine.examine(row["question"], row["language"]), reader, spans, original)
        for other in articles:
            for names, question in _strangers(other, "article", ("fr", "en"), 2):
                yield _example(names, engine.examine(question, names[2]), reader, [], original)
    for number, article in enumerate(articles):
        source = write_source(article, work / "articles")
        other = articles[(number + 7) % len(articles)]
        yield from _of_article(article, other, "written", source, ("fr", "en"), reader, embedder, work)
        if number % 2:  # one edition alone, asked in the other language
            written, asked = ("fr", "en") if number % 4 == 1 else ("en", "fr")
            yield from _of_article(
                article, other, "across", source / f"{written}.txt", (asked,), reader, embedder, work
            )


def _of_article(
    article: dict[str, Any],
    other: dict[str, Any],
    set_: str,
    source: Path,
    languages: Sequence[str],
    reader: Reader,
    embedder: SentenceTransformerEmbeddings,
    work: Path,
) -> Iterator[Example]:
    """The questions on a written article, or on one edition of it, in some languages."""
    settings = Settings(sources=source, data_dir=work / f"index-{article['id']}-{set_}")
    try:
        engine = Engine.open(settings, embedder=embedder, judge=Unfitted())
    except ArticleError as error:  # its editions are cut into sentences differently
        print(f"left out: {error}")
        return
    with engine:
        original = engine.articles[0].editions[engine.articles[0].original]
        for names, question, spans in _asked(article, set_, languages, original.language):
            yield _example(names, engine.examine(question, names[2]), reader, spans, original)
        for names, question in _strangers(other, set_, languages, STRANGERS):
            group = (names[0], article["id"], *names[2:])
            yield _example(group, engine.examine(question, names[2]), reader, [], original)


def _asked(
    article: dict[str, Any], set_: str, languages: Sequence[str], original: str
) -> Iterator[tuple[tuple[str, str, str, str, str], str, list[tuple[int, int]]]]:
    """Each question on a written article, and where its evidence is in the original edition."""
    places = offsets(article, original)
    for language in languages:
        for fact in article["facts"]:
            spans = [places[number] for number in fact["sentences"]]
            for number, question in enumerate(fact[language]):
                wording = "paraphrase" if number else "plain"
                yield (set_, article["id"], language, "answerable", wording), question, spans
        for silent in article["silent"]:
            yield (set_, article["id"], language, "near_miss", "plain"), silent[language], []


def _strangers(
    other: dict[str, Any], set_: str, languages: Sequence[str], count: int
) -> Iterator[tuple[tuple[str, str, str, str, str], str]]:
    """Questions of another article: they are about nothing that is there."""
    for language in languages:
        for number, fact in enumerate(other["facts"][:count]):
            yield (set_, other["id"], language, "stranger", "plain"), fact[language][number % 2]


def _example(
    names: tuple[str, str, str, str, str],
    candidates: Candidates,
    reader: Reader,
    spans: Sequence[tuple[int, int]],
    original: Edition,
) -> Example:
    weighed = LinearJudge().weigh(candidates)
    read = read_candidates(reader, candidates, weighed)
    sentences = [original.sentences[one.found.index] for one in read]
    gold = [any(sentence.start < end and start < sentence.end for start, end in spans) for sentence in sentences]
    return Example(*names, candidates, weighed, read, np.array(gold, np.bool_))


def fit_sentences(examples: Sequence[Example]) -> Row:
    """Fit on the sentences read for the questions that are answered."""
    used = [example for example in examples if example.kind == "answerable"]
    rows = [row for example in used for row in read_features(example.read)]
    weights = [example.weight for example in used for _ in example.read]
    return fit(rows, np.concatenate([example.gold for example in used]), weights, 1.0)


def fit_answers(examples: Sequence[Example]) -> Row:
    """Fit on all questions: is a sentence that would be cited right?"""
    labels = [example.right for example in examples]
    return fit([example.answer for example in examples], labels, [example.weight for example in examples], 0.3)


def fit_topic(examples: Sequence[Example]) -> Row:
    """Fit on all questions: is it about the article, answered there or not?"""
    labels = [example.kind in ("answerable", "near_miss") for example in examples]
    return fit([example.answer for example in examples], labels, [example.weight for example in examples], 0.3)


def score(examples: Sequence[Example], model: Row) -> None:
    """Give each example the scores of its sentences."""
    for example in examples:
        example.scores = np.array([probability(model, row) for row in read_features(example.read)])


def cross_validate(examples: Sequence[Example]) -> None:
    """Give each example the scores and the confidence of models fitted on the other folds."""
    groups = {group: place % FOLDS for place, group in enumerate(sorted({example.group for example in examples}))}
    for fold in range(FOLDS):
        model = fit_sentences([example for example in examples if groups[example.group] != fold])
        score([example for example in examples if groups[example.group] == fold], model)
    for fold in range(FOLDS):
        others = [example for example in examples if groups[example.group] != fold]
        model, topic = fit_answers(others), fit_topic(others)
        for example in examples:
            if groups[example.group] == fold:
                example.confidence = probability(model, example.answer)
                example.topic = probability(topic, example.answer)


def risks_of(examples: Sequence[Example]) -> list[tuple[float, float]]:
    """(confidence, risk) from the lowest confidence up: the share of answers that are wrong from there on.

    Risk is made monotone, so that more confidence never means more risk.
    """
    ranked = sorted((e for e in examples if e.kind != "stranger"), key=lambda example: -example.confidence)
    weights = np.array([example.weight for example in ranked])
    wrong = np.cumsum(weights * [not example.right for example in ranked]) / np.cumsum(weights)
    wrong = np.maximum.accumulate(wrong)
    places = np.unique(np.linspace(len(ranked) // STEPS, len(ranked) - 1, STEPS).astype(int))[::-1]
    return [(round(ranked[place].confidence, 4), round(float(wrong[place]), 4)) for place in places]


def figures(examples: Sequence[Example], threshold: float) -> dict[str, Any]:
    """Cross-validated figures by set, language and wording or kind."""
    from sklearn.metrics import roc_auc_score

    table: dict[str, Any] = {}
    for set_ in ("article", "written", "across"):
        for language in ("fr", "en"):
            part = [example for example in examples if (example.set, example.language) == (set_, language)]
            answerable = [example for example in part if example.kind == "answerable"]
            for wording in ("plain", "paraphrase"):
                some = [example for example in answerable if example.wording == wording]
                table[f"{set_} {language} {wording}"] = {
                    "questions": len(some),
                    "read holds evidence": _mean(e.gold.any() for e in some),
                    "best sentence right": _mean(e.gold[int(e.scores.argmax())] for e in some),
                    "best sentence right, search alone": _mean(
                        e.gold[int(np.argmax([one.searched for one in e.read]))] for e in some
                    ),
                    "right sentence cited": _mean(e.right for e in some),
                    "citations right": sum(int(e.gold[e.cited].sum()) for e in some) / sum(len(e.cited) for e in some),
                    "refused": _mean(e.confidence < threshold or e.topic < ON_TOPIC for e in some),
                    "taken for another topic": _mean(e.topic < ON_TOPIC for e in some),
                }
            for kind in sorted({example.kind for example in part} - {"answerable"}):
                some = [example for example in part if example.kind == kind]
                labels = [1] * len(answerable) + [0] * len(some)
                table[f"{set_} {language} {kind}"] = {
                    "questions": len(some),
                    "refused": _mean(e.confidence < threshold or e.topic < ON_TOPIC for e in some),
                    "taken for another topic": _mean(e.topic < ON_TOPIC for e in some),
                    "AUROC": float(roc_auc_score(labels, [e.confidence for e in (*answerable, *some)])),
                    "AUROC, search alone": float(
                        roc_auc_score(labels, [e.weighed.confidence for e in (*answerable, *some)])
                    ),
                }
    return {name: {key: round(float(value), 3) for key, value in row.items()} for name, row in table.items()}


def _mean(values: Iterable[Any]) -> float:
    return float(np.mean([float(value) for value in values]))


def main() -> None:
    """Fit, print the figures and write the weights."""
    parser = argparse.ArgumentParser(description="Fit the reading part of qa/weights.json.")
    parser.add_argument("--work", type=Path, help="folder for indexes, kept for the next time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        examples = list(examples_of(options.work or Path(temporary)))
    cross_validate(examples)
    risks = risks_of(examples)
    threshold = threshold_for(Settings().risk, risks)
    table = figures(examples, threshold)
    sentence = fit_sentences(examples)
    score(examples, sentence)
    weights = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    weights["reading"] = {
        "fitted_by": "python -m eval.fit_reading",
        "cited_share": CITED_SHARE,
        "on_topic": ON_TOPIC,
        "models": {"sentence": sentence, "answer": fit_answers(examples), "topic": fit_topic(examples)},
        "risks": risks,
    }
    WEIGHTS.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")
    result = {"threshold": threshold, "cross-validated": table}
    FIGURES.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
