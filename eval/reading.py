"""How well the reader reads, beside similarity alone, in one run: `python -m eval.reading DATA --out eval/results`.

DATA is the folder with afriqa/. Measured on what the reader was not trained on: AfriQA's passages that eval/train
holds out, and the written articles of held-out.jsonl.

- given the passage: the answer's sentence is the best of its passage; F1 and exact match of the span; AUROC of its own
  passage against the most similar other one (BM25).
- across languages: the same on the written articles, question and article in either language, and AUROC of facts
  against near misses.
- end to end: the answer's sentence among the three best of all passages; AUROC of the confidence of questions against
  the same questions with their passage taken out of what was found.
"""

from __future__ import annotations

import argparse
import json
import re
import string
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.afriqa import is_held_out, read_passages, read_questions
from eval.report import commit_of
from eval.train.written import HELD_OUT
from eval.train.written import read as read_written
from qa import Candidates, Engine, Judge, LinearJudge, Reader, ReadingJudge, SentenceTransformerEmbeddings, Settings
from qa.sentences import split_sentences
from qa.types import Sentence

ENGLISH_PASSAGES = 600
"""Of AfriQA's 2,867 English passages, how many are searched unless --all is given: embedding all takes a while."""
ENGLISH_QUESTIONS = 200
"""Of the questions on English passages held out, how many are asked with their passage unless --all is given."""
_ARTICLES = re.compile(r"\b(?:le|la|les|l|un|une|des|du|de|d|the|a|an)\b")


@dataclass(frozen=True, slots=True)
class Best:
    """The sentence that was chosen of some, how surely, and the words in it."""

    index: int
    score: float
    words: str


class Both:
    """The reader, and similarity in its place: the nearest sentence, without any words in it."""

    def __init__(self, reader: Reader, embedder: SentenceTransformerEmbeddings) -> None:
        self._reader = reader
        self._embedder = embedder
        self._vectors: dict[tuple[str, ...], NDArray[np.float32]] = {}

    def best(self, question: str, sentences: Sequence[str]) -> dict[str, Best]:
        """The best sentence of each."""
        runs = self._reader.windows(sentences)
        windows = self._reader.read_sentences(question, [[sentences[i] for i in run] for run in runs])
        readings = [reading for window in windows for reading in window]
        first = max(range(len(readings)), key=lambda index: readings[index].evidence)
        words = sentences[first][readings[first].start : readings[first].end]
        key = tuple(sentences)
        if key not in self._vectors:
            self._vectors[key] = self._embedder.encode_documents(sentences)
        cosines = self._vectors[key] @ self._embedder.encode_query(question)
        nearest = int(np.argmax(cosines))
        return {
            "reader": Best(first, readings[first].evidence, words),
            "similarity": Best(nearest, float(cosines[nearest]), sentences[nearest]),
        }


def f1(found: str, expected: str) -> float:
    """SQuAD's F1 of two answers, 0 to 1: words in common, without case, punctuation and articles of either language."""
    a, b = _words(found), _words(expected)
    if not a or not b:
        return float(a == b)
    common = sum((Counter(a) & Counter(b)).values())
    return 2 * common / (len(a) + len(b))


def _words(text: str) -> list[str]:
    plain = "".join(" " if character in string.punctuation + "’«»“”" else character for character in text.lower())
    return _ARTICLES.sub(" ", plain).split()


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """How often a positive is above a negative."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score([1] * len(positive) + [0] * len(negative), [*positive, *negative]))


def read_afriqa(folder: Path, language: str) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """The passages by id, and the questions on those held out."""
    questions = [row for row in read_questions(folder, language) if is_held_out(row["passage_id"])]
    return read_passages(folder, language), questions


def given_the_passage(both: Both, folder: Path, language: str, limit: int | None) -> dict[str, Any]:
    """AfriQA, its own passage given, of the first `limit` questions."""
    from qa.lexical import Lexicon

    passages, questions = read_afriqa(folder, language)
    ids = list(passages)
    lexicon = Lexicon(list(passages.values()), language)  # type: ignore[arg-type]
    table: dict[str, dict[str, list[float]]] = {name: _columns() for name in ("reader", "similarity")}
    for question in questions[:limit]:
        sentences = split_sentences(passages[question["passage_id"]])
        found = both.best(question["question"], [s.text for s in sentences])
        order = np.argsort(-lexicon.scores(question["question"]))
        other = next(ids[place] for place in order if ids[place] != question["passage_id"])
        against = both.best(question["question"], [s.text for s in split_sentences(passages[other])])
        for name, best in found.items():
            columns = table[name]
            columns["right"].append(float(_overlaps(sentences[best.index], question)))
            columns["f1"].append(max(f1(best.words, answer) for answer in question["answers"]))
            columns["exact"].append(float(any(_words(best.words) == _words(a) for a in question["answers"])))
            columns["positive"].append(best.score)
            columns["negative"].append(against[name].score)
    return {"questions": len(questions[:limit]), **{name: _figures(columns) for name, columns in table.items()}}


def _columns() -> dict[str, list[float]]:
    return {name: [] for name in ("right", "f1", "exact", "positive", "negative")}


def _figures(columns: dict[str, list[float]]) -> dict[str, float]:
    return {
        "sentence right": float(np.mean(columns["right"])),
        "F1": float(np.mean(columns["f1"])),
        "EM": float(np.mean(columns["exact"])),
        "AUROC": auroc(columns["positive"], columns["negative"]),
    }


def _overlaps(sentence: Sentence, question: dict[str, Any]) -> bool:
    return bool(sentence.start < question["end"] and question["start"] < sentence.end)


def across_languages(both: Both, asked_in: str, written_in: str) -> dict[str, Any]:
    """The written articles: both wordings of every fact, and the near misses."""
    table = {name: _columns() for name in ("reader", "similarity")}
    count = 0
    for article in read_written(HELD_OUT):
        sentences = [sentence for paragraph in article[written_in] for sentence in paragraph]
        for fact in article["facts"]:
            for question in fact[asked_in]:
                count += 1
                for name, best in both.best(question, sentences).items():
                    answer = fact[f"{written_in}_answer"]
                    table[name]["right"].append(float(best.index in fact["sentences"]))
                    table[name]["f1"].append(f1(best.words, answer))
                    table[name]["exact"].append(float(_words(best.words) == _words(answer)))
                    table[name]["positive"].append(best.score)
        for silent in article["silent"]:
            for name, best in both.best(silent[asked_in], sentences).items():
                table[name]["negative"].append(best.score)
    return {"questions": count, **{name: _figures(columns) for name, columns in table.items()}}


def end_to_end(
    embedder: SentenceTransformerEmbeddings, reader: Reader, folder: Path, language: str, work: Path, limit: int | None
) -> dict[str, Any]:
    """AfriQA over all its passages, each an article of its own."""
    passages, questions = read_afriqa(folder, language)
    texts = work / f"afriqa-{language}"
    texts.mkdir(parents=True, exist_ok=True)
    chosen = list(passages)[:limit]
    for id_ in chosen:
        (texts / f"{id_}.txt").write_bytes(passages[id_].encode("utf-8"))
    questions = [question for question in questions if question["passage_id"] in set(chosen)]
    judges: dict[str, Judge] = {"reader": ReadingJudge(reader, 1.0), "similarity": LinearJudge()}
    right: dict[str, list[bool]] = {name: [] for name in judges}
    kept: dict[str, list[float]] = {name: [] for name in judges}
    without: dict[str, list[float]] = {name: [] for name in judges}
    sources = tuple(texts / f"{id_}.txt" for id_ in chosen)
    settings = Settings(sources=sources, data_dir=work / f"index-{language}", top_k=20)
    with Engine.open(settings, embedder=embedder, judge=judges["reader"]) as engine:
        for question in questions:
            found = engine.examine(question["question"], language)
            whole, removed = _only(found, None), _only(found, question["passage_id"])
            for name, judge in judges.items():
                judgement = judge.judge(whole)
                kept[name].append(judgement.confidence)
                without[name].append(judge.judge(removed).confidence)
                right[name].append(
                    any(
                        one.found.article.id == question["passage_id"]
                        and _overlaps(one.found.sentence(one.found.article.original), question)
                        for one in judgement.evidence[:3]
                    )
                )
    return {
        "questions": len(questions),
        "passages": len(chosen),
        **{
            name: {"right among three": float(np.mean(right[name])), "AUROC": auroc(kept[name], without[name])}
            for name in judges
        },
    }


def _only(found: Candidates, without: str | None) -> Candidates:
    """The ten best passages, and their sentences, but for those of one article."""
    hits = tuple(hit for hit in found.hits if hit.passage.article_id != without)[:10]
    return replace(found, hits=hits, sentences=tuple(one for one in found.sentences if one.hit in hits))


def to_markdown(result: dict[str, Any]) -> str:
    """Two columns of figures, reader and similarity, under the name of each measurement."""
    lines = ["| | questions | measure | reader | similarity |", "|---|---:|---|---:|---:|"]
    for name, figures in result["figures"].items():
        for measure, value in figures["reader"].items():
            plain = figures["similarity"][measure]
            shown = "–" if measure in ("F1", "EM") else f"{plain:.3f}"
            lines.append(f"| {name} | {figures['questions']} | {measure} | {value:.3f} | {shown} |")
    return "\n".join(lines) + "\n"


def measure(data: Path, work: Path, parts: Iterable[str], *, everything: bool) -> dict[str, Any]:
    """All figures, by name."""
    settings = Settings()
    embedder = SentenceTransformerEmbeddings(settings)
    reader = Reader.open(settings, embedder)
    both = Both(reader, embedder)
    figures: dict[str, Any] = {}
    if "given" in parts:
        for language in ("fr", "en"):
            limit = None if everything else ENGLISH_QUESTIONS
            figures[f"AfriQA {language}, passage given"] = given_the_passage(both, data / "afriqa", language, limit)
    if "across" in parts:
        for asked in ("fr", "en"):
            for written in ("fr", "en"):
                figures[f"articles, {asked} question on {written}"] = across_languages(both, asked, written)
    if "all" in parts:
        for language in ("fr", "en"):
            limit = None if everything or language == "fr" else ENGLISH_PASSAGES
            name = f"AfriQA {language}, all passages"
            figures[name] = end_to_end(embedder, reader, data / "afriqa", language, work, limit)
    return {"commit": commit_of(Path(__file__).parent), "figures": figures}


def main() -> None:
    """Measure, print a table, write reading-<commit>.json."""
    parser = argparse.ArgumentParser(description="Measure the reader beside similarity alone.")
    parser.add_argument("data", type=Path, help="folder with afriqa/")
    parser.add_argument("--out", type=Path, help="folder for the result file")
    parser.add_argument("--work", type=Path, help="folder for the indexes, kept for the next time")
    parser.add_argument("--parts", nargs="*", default=["given", "across", "all"], choices=["given", "across", "all"])
    parser.add_argument("--all", action="store_true", help="ask and search all that is English")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        result = measure(options.data, options.work or Path(temporary), options.parts, everything=options.all)
    print(to_markdown(result))
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        path = options.out / f"reading-{result['commit']}.json"
        path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
