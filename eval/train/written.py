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
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

KINDS = ("fact", "why", "how", "yes-no", "list", "parts")


def read(path: Path) -> list[dict[str, Any]]:
    """The articles of one file; nothing is checked (see `faults`)."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def faults(article: dict[str, Any]) -> list[str]:
    """What is wrong with an article, in words; empty when nothing is."""
    found = []
    sentences = {
        language: [sentence for paragraph in article[language] for sentence in paragraph]
        for language in ("fr", "en")
    }
    if [len(paragraph) for paragraph in article["fr"]] != [len(p) for p in article["en"]]:
        found.append("paragraphs of fr and en have different numbers of sentences")
    for number, fact in enumerate(article["facts"]):
        where = f"fact {number}"
        if fact["kind"] not in KINDS:
            found.append(f"{where}: kind {fact['kind']!r} is none of {', '.join(KINDS)}")
        if len(fact["fr"]) < 2 or len(fact["fr"]) != len(fact["en"]):
            found.append(f"{where}: two wordings or more, as many in fr as in en")
        for language in ("fr", "en"):
            first = fact["sentences"][0]
            if not 0 <= first < len(sentences[language]):
                found.append(f"{where}: no sentence {first} in {language}")
            elif fact[f"{language}_answer"] not in sentences[language][first]:
                found.append(
                    f"{where}: {fact[f'{language}_answer']!r} is not in {language} sentence "
                    f"{first}: {sentences[language][first]!r}"
                )
    for number, question in enumerate(article["silent"]):
        if not 0 <= question["near"] < len(sentences["fr"]):
            found.append(f"silent {number}: no sentence {question['near']}")
        for language in ("fr", "en"):
            if not isinstance(question[language], str):
                found.append(f"silent {number}: {language} is one question, a string")
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
                print(f"{path}:{number}: {fault}")  # noqa: T201
        if len(set(articles)) < len(articles):
            print(f"{path}: an id is there twice")  # noqa: T201
        print(f"{path}: {len(articles)} articles, {facts} facts, {silent} near misses")  # noqa: T201
    return faulty


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
