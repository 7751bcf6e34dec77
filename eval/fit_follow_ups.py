"""Fit when a follow-up is refused (the "follow_up" part of qa/weights.json): `python -m eval.fit_follow_ups`.

A follow-up is read behind the question before it, whose answer it may get again though it asks about something else.
Each follow-up of the article's dev conversations and of those of the articles held out that names something of its own
is judged with the question before it and by itself; so are, as strangers, follow-ups from conversations on others.
Figures are cross-validated by article, and by first question on the default article.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from eval.conversations import conversations
from eval.fit import WEIGHTS, Row, fit
from eval.report import commit_of
from eval.train.written import HELD_OUT, read
from qa import Answer, Engine, Language, Reader, ReadingJudge, SentenceTransformerEmbeddings, Settings, probability
from qa.conversation import points_back, says_something
from qa.evidence import follow_up_features

RESULT = Path(__file__).parent / "results" / "fit-follow-ups.json"
FOLDS = 8
STRANGERS = 4
"""Asked after each first question."""
RIGHT_KEPT = 0.95
"""The threshold keeps this share of the follow-ups that are answered right."""


@dataclass(frozen=True, slots=True)
class Example:
    """A follow-up, and what was made of it."""

    group: str
    """What is kept together in cross-validation."""
    kind: str
    """"right", "wrong" (another sentence is cited), "near miss" (the article does not answer) or "stranger"."""
    features: Row


def examples() -> Iterator[Example]:
    """The follow-ups after a question that was answered, each with some strangers."""
    judge = ReadingJudge(Reader.open(Settings(), SentenceTransformerEmbeddings()), 1.0)
    chance = random.Random(0)
    for split in ("dev", "written"):
        for engine, language, turns in conversations(split):
            article = engine.articles[0].id
            group = turns[0]["question"] if split == "dev" else article
            history: list[Answer] = []
            for turn in turns:
                if history and turn["follow_up"] != "new_topic":
                    yield from example(engine, judge, history[-1], turn, language, group)
                history.append(engine.ask(turn["question"], language, history=history))
            for question in chance.sample(strangers(language, article), STRANGERS):
                yield from example(engine, judge, history[0], {"question": question}, language, group)


def example(
    engine: Engine, judge: ReadingJudge, last: Answer, turn: Mapping[str, Any], language: Language, group: str
) -> Iterator[Example]:
    """The example that a follow-up makes, if it is one of those that are weighed."""
    question = turn["question"]
    if last.refused or not (points_back(question, language) and says_something(question, language)):
        return
    together, alone = (
        judge.judge(replace(engine.examine(question, language, history=history), follows=True))
        for history in ([last], [])
    )
    cited = {one.found.sentence(one.found.article.original).text for one in together.evidence if one.cited}
    kind = "stranger"
    if "evidence" in turn:
        kind = "right" if cited.intersection(turn["evidence"]) else "wrong" if turn["evidence"] else "near miss"
    yield Example(group, kind, follow_up_features(together, alone))


def strangers(language: Language, article: str) -> list[str]:
    """Follow-ups on the articles held out but `article`."""
    return [
        turn[language]
        for other in read(HELD_OUT)
        if other["id"] != article
        for turns in other.get("conversations", ())
        for turn in turns[1:]
        if turn["follow_up"] != "new_topic" and says_something(turn[language], language)
    ]


def fitted(chosen: Sequence[Example]) -> Row:
    """The regression that tells what is right."""
    return fit([one.features for one in chosen], [one.kind == "right" for one in chosen], [1.0] * len(chosen), 1.0)


def main() -> None:
    """Fit, measure, write both."""
    from sklearn.metrics import roc_auc_score

    found = list(examples())
    folds = {group: at % FOLDS for at, group in enumerate(sorted({one.group for one in found}))}
    models = [fitted([one for one in found if folds[one.group] != fold]) for fold in range(FOLDS)]
    scores = [probability(models[folds[one.group]], one.features) for one in found]
    right = [score for score, one in zip(scores, found, strict=True) if one.kind == "right"]
    threshold = round(float(np.quantile(right, 1 - RIGHT_KEPT)), 4)
    kinds: dict[str, dict[str, float]] = {}
    for kind in ("right", "wrong", "near miss", "stranger"):
        of_kind = [score for score, one in zip(scores, found, strict=True) if one.kind == kind]
        refused = sum(score < threshold for score in of_kind) / len(of_kind)
        kinds[kind] = {"follow-ups": len(of_kind), "refused": round(refused, 3)}
    auroc = roc_auc_score([one.kind == "right" for one in found], scores)
    weights = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    weights["follow_up"] = {
        "fitted_by": "python -m eval.fit_follow_ups",
        "threshold": threshold,
        "model": fitted(found),
    }
    WEIGHTS.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")
    result = {"commit": commit_of(Path(__file__).parent), "AUROC": round(float(auroc), 3), "kinds": kinds}
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result | {"weights": weights["follow_up"]}, indent=1))


if __name__ == "__main__":
    main()
