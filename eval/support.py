"""How well unsupported sentences are told from supported ones: `python -m eval.support DATA [--fit]`.

DATA is the folder with support/rte3-fr-dev.tsv (RTE3-FR). The labelled pairs of sets/support.jsonl are sentences on
the article with what they cite; each is checked against the citation in French and in English. With --fit, the
"support" part of qa/weights.json is fitted first, on the dev pairs, the claims of the written articles that the reader
was not trained on, and RTE3-FR; the test pairs are only measured.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eval.fit import WEIGHTS, Row, fit
from eval.report import commit_of
from eval.train.written import HELD_OUT
from eval.train.written import read as read_written
from qa import Checker, SentenceTransformerEmbeddings, Settings, load_articles, probability

SET = Path(__file__).parent / "sets" / "support.jsonl"
RESULT = Path(__file__).parent / "results" / "support.json"
FOLDS = 5
WITHIN = 1.0
"""Inverse regularisation of both regressions."""
PAIR_WEIGHT = 2.0
"""A pair on the article counts as much as this many of the others."""
MISTAKES = 0.1
"""Share of the unsupported sentences that may be called supported, and of the supported ones unsupported: what lies
between is weak."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence with what it cites."""

    set: str
    """"dev" or "test" for the article, "written", or "rte"."""
    group: str
    """What is kept together in cross-validation."""
    language: str
    cited_in: str
    """Language of the passages."""
    claim: str
    passages: tuple[str, ...]
    supported: bool
    label: str


def pairs_of_article() -> Iterator[Pair]:
    """The labelled pairs, each with its citation in both editions."""
    (article,) = load_articles(())
    original = article.editions[article.original]
    places = {sentence.text: sentence.index for sentence in original.sentences}
    for row in map(json.loads, SET.read_text(encoding="utf-8").splitlines()):
        for language, edition in article.editions.items():
            passages = tuple(edition.sentences[places[text]].text for text in row["cited"])
            names = (row["split"], row["group"], row["language"], language, row["claim"])
            yield Pair(*names, passages, row["label"] == "supported", row["label"])


def pairs_of_written(path: Path = HELD_OUT) -> Iterator[Pair]:
    """The claims on written articles: those that are true, and those that are not, citing the same."""
    for article in read_written(path):
        flat = {language: [s for paragraph in article[language] for s in paragraph] for language in ("fr", "en")}
        for claim in article.get("claims", ()):
            for language in flat:
                for cited_in, sentences in flat.items():
                    passages = tuple(sentences[number] for number in claim["sentences"])
                    names = ("written", article["id"], language, cited_in)
                    yield Pair(*names, claim[language], passages, True, "supported")
                    for wrong in claim["wrong"]:
                        yield Pair(*names, wrong[language], passages, False, wrong["how"])


def pairs_of_rte(data: Path) -> Iterator[Pair]:
    """RTE3-FR: does the hypothesis follow from the premise?"""
    with (data / "support" / "rte3-fr-dev.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            entailed = row["label_text"] == "entailment"
            yield Pair(
                "rte", f"rte-{row['id']}", "fr", "fr", row["hypothesis"], (row["premise"],), entailed, row["label_text"]
            )


def cross_validated(pairs: Sequence[Pair], rows: Sequence[Row]) -> list[float]:
    """The score of each pair by models fitted on the other groups; test pairs by those fitted on all others."""
    fitted_on = [place for place, pair in enumerate(pairs) if pair.set != "test"]
    groups = {group: at % FOLDS for at, group in enumerate(sorted({pairs[place].group for place in fitted_on}))}
    scores = [0.0] * len(pairs)
    for fold in range(FOLDS + 1):
        train = [place for place in fitted_on if groups[pairs[place].group] != fold]
        models = models_of([pairs[place] for place in train], [rows[place] for place in train])
        for place, pair in enumerate(pairs):
            if (fold if fold < FOLDS else "test") == (groups[pair.group] if pair.set != "test" else "test"):
                scores[place] = probability(models["across" if rows[place]["across"] else "within"], rows[place])
    return scores


def models_of(pairs: Sequence[Pair], rows: Sequence[Row]) -> dict[str, Row]:
    """A regression for sentence and passages in one language, and one for two."""
    weights = {"dev": PAIR_WEIGHT}
    models = {}
    for name, across in (("within", 0.0), ("across", 1.0)):
        chosen = [place for place, row in enumerate(rows) if row["across"] == across]
        features = [{key: value for key, value in rows[place].items() if key != "across"} for place in chosen]
        labels = [pairs[place].supported for place in chosen]
        models[name] = fit(features, labels, [weights.get(pairs[place].set, 1.0) for place in chosen], WITHIN)
    return models


def thresholds_of(pairs: Sequence[Pair], rows: Sequence[Row], scores: Sequence[float]) -> dict[str, dict[str, float]]:
    """From which score on a sentence is "weak", and from which "supported", within a language and across two."""
    found: dict[str, dict[str, float]] = {"weak": {}, "supported": {}}
    for case, across in (("within", 0.0), ("across", 1.0)):
        chosen = [
            at for at, pair in enumerate(pairs) if pair.set in ("dev", "written") and rows[at]["across"] == across
        ]
        supported = [scores[at] for at in chosen if pairs[at].supported]
        unsupported = [scores[at] for at in chosen if not pairs[at].supported]
        sure = round(float(np.quantile(unsupported, 1 - MISTAKES)), 4)
        found["supported"][case] = sure
        found["weak"][case] = min(sure, round(float(np.quantile(supported, MISTAKES)), 4))
    return found


def figures(pairs: Sequence[Pair], scores: Sequence[float], rows: Sequence[Row], checker: Checker) -> dict[str, Any]:
    """By set, language of the sentence and of the passages: how each kind is labelled, AUROC; and by what alone.

    The labels of the test pairs are those that `Checker.check` gives; of the others, by cross-validated scores.
    """
    from sklearn.metrics import roc_auc_score

    labels = [
        checker.check(pair.claim, pair.passages).label if pair.set == "test" else _label(score, row, checker)
        for pair, score, row in zip(pairs, scores, rows, strict=True)
    ]
    table: dict[str, Any] = {}
    for name in sorted({(pair.set, pair.language, pair.cited_in) for pair in pairs}):
        chosen = [at for at, pair in enumerate(pairs) if (pair.set, pair.language, pair.cited_in) == name]
        good = [at for at in chosen if pairs[at].supported]
        bad = [at for at in chosen if not pairs[at].supported]
        truth = [pairs[at].supported for at in chosen]
        pardoned = float(np.quantile([scores[at] for at in good], MISTAKES))
        row = {
            "pairs": len(chosen),
            "unsupported: called unsupported": _mean(labels[at] == "unsupported" for at in bad),
            "unsupported: not called supported": _mean(labels[at] != "supported" for at in bad),
            "supported: called unsupported": _mean(labels[at] == "unsupported" for at in good),
            "supported: not called supported": _mean(labels[at] != "supported" for at in good),
            "unsupported below nine in ten of the supported": _mean(scores[at] < pardoned for at in bad),
            "AUROC": float(roc_auc_score(truth, [scores[at] for at in chosen])),
        }
        for alone in ("entailment", "similarity", "overlap"):
            row[f"AUROC, {alone} alone"] = float(roc_auc_score(truth, [rows[at][alone] for at in chosen]))
        for label in sorted({pairs[at].label for at in bad}):
            row[f"{label}: called unsupported"] = _mean(
                labels[at] == "unsupported" for at in bad if pairs[at].label == label
            )
        table[f"{name[0]} {name[1]} on {name[2]}"] = {key: round(value, 3) for key, value in row.items()}
    return table


def _label(score: float, row: Row, checker: Checker) -> str:
    case = "across" if row["across"] else "within"
    if score < checker.weak_from[case]:
        return "unsupported"
    return "supported" if score >= checker.supported_from[case] else "weak"


def _mean(values: Iterable[Any]) -> float:
    return float(np.mean([float(value) for value in values]))


def main() -> None:
    """Fit if asked to, measure, write the figures."""
    parser = argparse.ArgumentParser(description="Measure, and with --fit fit, how sentences are checked.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--fit", action="store_true", help="fit the support part of qa/weights.json first")
    parser.add_argument("--result", type=Path, default=RESULT)
    options = parser.parse_args()
    pairs = [*pairs_of_article(), *pairs_of_written(), *pairs_of_rte(options.data)]
    embedder = SentenceTransformerEmbeddings(Settings())
    checker = Checker(embedder)
    rows = [checker.features(pair.claim, pair.passages) for pair in pairs]
    scores = cross_validated(pairs, rows)
    if options.fit:
        known = [place for place, pair in enumerate(pairs) if pair.set != "test"]
        weights = json.loads(WEIGHTS.read_text(encoding="utf-8"))
        weights["support"] = {
            "fitted_by": "python -m eval.support --fit",
            **thresholds_of(pairs, rows, scores),
            "models": models_of([pairs[place] for place in known], [rows[place] for place in known]),
        }
        WEIGHTS.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")
        checker = Checker(embedder)
    result = {
        "commit": commit_of(Path(__file__).parent),
        "weak from": checker.weak_from,
        "supported from": checker.supported_from,
        "figures": figures(pairs, scores, rows, checker),
    }
    options.result.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
