"""How the fitted weights do on articles that they were not fitted on: AfriQA passages, each an article of its own.

    python -m eval.elsewhere AFRIQA_DIR

Each passage is asked the question that it answers, and three that other passages answer. The questions are those that
eval/fit.py does not learn to find (every second one); it has seen some of them as strangers to the default article.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from pathlib import Path

from eval.afriqa import read_passages, read_questions
from qa import ArticleError, Engine, SentenceTransformerEmbeddings, Settings

PASSAGES = 45
OTHERS = 3


def main() -> None:
    """Print, per language, how often each kind of question was answered, and why it was refused."""
    parser = argparse.ArgumentParser(description="Ask AfriQA passages, each an article of its own.")
    parser.add_argument("afriqa", type=Path, help="folder with AfriQA's fr/ and en/")
    folder: Path = parser.parse_args().afriqa
    embedder = SentenceTransformerEmbeddings()
    for language in ("fr", "en"):
        texts = read_passages(folder, language)
        questions = read_questions(folder, language)[::2]
        chance = random.Random(1)
        own: Counter[str] = Counter()
        others: Counter[str] = Counter()
        for question in chance.sample(questions, PASSAGES):
            strangers = [q for q in questions if q["passage_id"] != question["passage_id"]]
            asked = [question, *chance.sample(strangers, OTHERS)]
            with tempfile.TemporaryDirectory() as scratch:
                source = Path(scratch) / "article.txt"
                source.write_bytes(texts[question["passage_id"]].encode("utf-8"))
                try:
                    engine = Engine.open(Settings(sources=source, data_dir=Path(scratch) / "data"), embedder=embedder)
                except ArticleError:  # a passage without a sentence in it
                    continue
                with engine:
                    reasons = [engine.ask(q["question"]).reason or "answered" for q in asked]
            own[reasons[0]] += 1
            others.update(reasons[1:])
        print(language, "its own question:", dict(own), "questions of other passages:", dict(others))


if __name__ == "__main__":
    main()
