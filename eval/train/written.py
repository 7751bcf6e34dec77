"""The articles and questions written for training: reading them, and checking them.

Run as `python -m eval.train.written FILE...` to check files; prints what is wrong, by line.

One JSON object a line, one article each:

- `id`; `title`: {"fr", "en"}.
- `fr`, `en`: the article as a list of paragraphs, each a list of sentences; both languages
  have the same paragraphs and the same sentences in the same order.
- `facts`: what the article tells. `sentences`: the numbers (from 0, through the whole
  article) of the sentences that it rests on, in order of importance; `fr`, `en`: the
  questions, each in two wordings or more, the plain one first; `fr_answer`, `en_answer`:
  the answer, word for word in the first of those sentences; `kind`: one of KINDS.
- `silent`: near misses, questions on the article's own people and matters that it does not
  answer. `fr`, `en`: the question; `near`: the number of the sentence that tempts most.
- `claims`, in some articles: what a chat model might write of it. `fr`, `en`: a sentence that the article's `sentences`
  support; `wrong`: sentences like it that nothing in the article supports, and `how` each is wrong, one of HOW.
- `follow_ups`, in some: what is asked after the plain question of fact `after`. `fr`, `en`: the question; `sentences`
  and `fr_answer`, `en_answer` as in facts; no sentence, and empty answers, where the article does not answer.
- `conversations`, in those held out: lists of turns. `fr`, `en`: the question; `standalone`: the same written
  out, by language; `follow_up`: what kind of one it is, "none" for the first; `sentences`: each of them answers, none
  where the article does not.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HELD_OUT = Path(__file__).parent / "written" / "held-out.jsonl"
"""Articles that are not trained on."""
KINDS = ("fact", "why", "how", "yes-no", "list", "parts")
FOLLOW_UPS = ("none", "pronoun", "ellipsis", "why", "fragment", "detail", "new_topic")
HOW = (
    "number", "date", "name", "role", "place", "cause", "negation", "degree", "certainty", "attribution", "addition",
    "mixed",
)  # fmt: skip


def read(path: Path) -> list[dict[str, Any]]:
    """The articles of one file; nothing is checked (see `faults`)."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def faults(article: dict[str, Any]) -> list[str]:
    """What is wrong with an article, in words; empty when nothing is."""
    found: list[str] = []
    sentences = {
        language: [sentence for paragraph in article[language] for sentence in paragraph] for language in ("fr", "en")
    }
    if [len(paragraph) for paragraph in article["fr"]] != [len(p) for p in article["en"]]:
        found.append("paragraphs of fr and en have different numbers of sentences")
    for number, fact in enumerate(article["facts"]):
        found += [f"fact {number}: {fault}" for fault in _faults_of_fact(fact, sentences)]
    for number, question in enumerate(article["silent"]):
        found += [f"silent {number}: {fault}" for fault in _faults_of_silent(question, len(sentences["fr"]))]
    for number, follow_up in enumerate(article.get("follow_ups", ())):
        if not 0 <= follow_up["after"] < len(article["facts"]):
            found.append(f"follow-up {number}: no fact {follow_up['after']}")
        found += [f"follow-up {number}: {fault}" for fault in _faults_of_answer(follow_up, sentences)]
    for number, turns in enumerate(article.get("conversations", ())):
        found += [f"conversation {number}: {fault}" for fault in _faults_of_turns(turns, len(sentences["fr"]))]
    for number, claim in enumerate(article.get("claims", ())):
        found += [f"claim {number}: {fault}" for fault in _faults_of_claim(claim, len(sentences["fr"]))]
    return found


def _faults_of_silent(question: dict[str, Any], sentences: int) -> Iterator[str]:
    if not 0 <= question["near"] < sentences:
        yield f"no sentence {question['near']}"
    for language in ("fr", "en"):
        if not isinstance(question[language], str):
            yield f"{language} is one question, a string"


def _faults_of_turns(turns: list[dict[str, Any]], sentences: int) -> Iterator[str]:
    for place, turn in enumerate(turns):
        if (turn["follow_up"] == "none") != (place == 0) or turn["follow_up"] not in FOLLOW_UPS:
            yield f"follow_up {turn['follow_up']!r} in turn {place}"
        if not all(0 <= sentence < sentences for sentence in turn["sentences"]):
            yield f"sentences {turn['sentences']}: 0 to {sentences - 1}"
        if not all(turn[language] and turn["standalone"][language] for language in ("fr", "en")):
            yield "fr, en and standalone in both are questions"


def _faults_of_claim(claim: dict[str, Any], sentences: int) -> Iterator[str]:
    if not claim["sentences"] or not all(0 <= sentence < sentences for sentence in claim["sentences"]):
        yield f"sentences {claim['sentences']}: one or more of 0 to {sentences - 1}"
    for written in (claim, *claim["wrong"]):
        if not all(isinstance(written[language], str) and written[language] for language in ("fr", "en")):
            yield "fr and en are one sentence each"
    for wrong in claim["wrong"]:
        if wrong["how"] not in HOW:
            yield f"how {wrong['how']!r} is none of {', '.join(HOW)}"


def _faults_of_fact(fact: dict[str, Any], sentences: dict[str, list[str]]) -> Iterator[str]:
    if fact["kind"] not in KINDS:
        yield f"kind {fact['kind']!r} is none of {', '.join(KINDS)}"
    if len(fact["fr"]) < 2 or len(fact["fr"]) != len(fact["en"]):
        yield "two wordings or more, as many in fr as in en"
    yield from _faults_of_answer(fact, sentences)


def _faults_of_answer(asked: dict[str, Any], sentences: dict[str, list[str]]) -> Iterator[str]:
    for language in ("fr", "en"):
        answer = asked[f"{language}_answer"]
        if not asked["sentences"]:
            if answer:
                yield f"{answer!r} answers in no sentence"
            continue
        first = asked["sentences"][0]
        if not 0 <= first < len(sentences[language]):
            yield f"no sentence {first} in {language}"
        elif answer not in sentences[language][first]:
            yield f"{answer!r} is not in {language} sentence {first}"


def write_source(article: dict[str, Any], folder: Path) -> Path:
    """The article as a folder that Passage reads, with its two editions; paragraphs are lines."""
    source = folder / str(article["id"])
    source.mkdir(parents=True, exist_ok=True)
    for language in ("fr", "en"):
        text = "\n".join(" ".join(paragraph) for paragraph in article[language])
        (source / f"{language}.txt").write_text(text + "\n", encoding="utf-8")
    titles = "".join(f"{language} = {json.dumps(article['title'][language])}\n" for language in ("fr", "en"))
    (source / "article.toml").write_text(
        f'id = {json.dumps(article["id"])}\noriginal = "fr"\n[title]\n{titles}', encoding="utf-8"
    )
    return source


def offsets(article: dict[str, Any], language: str) -> list[tuple[int, int]]:
    """First and last character of each sentence in the file of `language` that `write_source` writes."""
    found, at = [], 0
    for paragraph in article[language]:
        for sentence in paragraph:
            found.append((at, at + len(sentence)))
            at += len(sentence) + 1
    return found


def main(paths: list[str]) -> int:
    """Check files; the number of faulty articles."""
    faulty = 0
    for path in map(Path, paths):
        facts = silent = 0
        articles = []
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if not line.strip():
                continue
            try:
                article = json.loads(line)
                wrong = faults(article)
            except (ValueError, KeyError, TypeError, IndexError) as error:
                wrong = [f"{type(error).__name__}: {error}"]
            else:
                articles.append(article["id"])
                facts += len(article["facts"])
                silent += len(article["silent"])
            faulty += bool(wrong)
            for fault in wrong:
                print(f"{path}:{number}: {fault}")
        if len(set(articles)) < len(articles):
            print(f"{path}: an id is there twice")
        print(f"{path}: {len(articles)} articles, {facts} facts, {silent} near misses")
    return faulty


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
