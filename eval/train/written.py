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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HELD_OUT = Path(__file__).parent / "written" / "held-out.jsonl"
"""Articles that are not trained on."""
KINDS = ("fact", "why", "how", "yes-no", "list", "parts")


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
        if not 0 <= question["near"] < len(sentences["fr"]):
            found.append(f"silent {number}: no sentence {question['near']}")
        for language in ("fr", "en"):
            if not isinstance(question[language], str):
                found.append(f"silent {number}: {language} is one question, a string")
    return found


def _faults_of_fact(fact: dict[str, Any], sentences: dict[str, list[str]]) -> Iterator[str]:
    if fact["kind"] not in KINDS:
        yield f"kind {fact['kind']!r} is none of {', '.join(KINDS)}"
    if len(fact["fr"]) < 2 or len(fact["fr"]) != len(fact["en"]):
        yield "two wordings or more, as many in fr as in en"
    for language in ("fr", "en"):
        first = fact["sentences"][0]
        if not 0 <= first < len(sentences[language]):
            yield f"no sentence {first} in {language}"
        elif fact[f"{language}_answer"] not in sentences[language][first]:
            yield f"{fact[f'{language}_answer']!r} is not in {language} sentence {first}"


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
