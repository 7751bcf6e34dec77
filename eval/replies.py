"""What the replies of the configured chat model come to: `python -m eval.replies [--sets NAME…] [--out FILE]`.

Asks the questions of question sets with PASSAGE_LLM or PASSAGE_LLM_BASE_URL set, and counts what is shown: whose text,
citations of passages that were not retrieved or that do not quote the article, sentences by how they are supported.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from contextlib import suppress
from itertools import islice
from pathlib import Path

from eval.questions import load_questions
from eval.report import commit_of
from qa import Answer, Engine, QAError, Settings


def count_answer(engine: Engine, answer: Answer, counts: Counter[str]) -> None:
    """Add an answer to the counts."""
    given = {hit.passage.id for hit in answer.passages}
    if answer.refused:
        counts["refused"] += 1
    elif answer.written_by:
        counts["written by the model"] += 1
    else:
        counts["the article's own sentences"] += 1
    for citation in answer.citations:
        counts["citations"] += 1
        if answer.written_by:
            counts["citations by the model"] += 1
            counts["citations by the model of passages that it was not given"] += citation.passage_id not in given
        text = engine.article(citation.article_id).text(citation.language)
        counts["citations that do not quote the article"] += text[citation.start : citation.end] != citation.quote
    for statement in answer.statements:
        counts[f"sentences: {statement.support}"] += 1
    counts["citations of numbers that no passage has, removed"] += answer.unknown_markers
    if answer.usage:
        counts["tokens read"] += answer.usage.input_tokens
        counts["tokens written"] += answer.usage.output_tokens


def main() -> None:
    """Ask, count, print."""
    parser = argparse.ArgumentParser(description="Count what a chat model's replies come to.")
    parser.add_argument("--sets", nargs="+", default=["article:dev", "article:test"])
    parser.add_argument("--count", type=int, default=500, help="questions at most")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    settings = Settings()
    counts: Counter[str] = Counter()
    with Engine.open(settings) as engine:
        sets = [load_questions(name, engine.articles).questions for name in options.sets]
        questions = islice((question for questions in sets for question in questions), options.count)
        with suppress(KeyboardInterrupt):  # what has been asked until then is told
            for question in questions:
                try:
                    count_answer(engine, engine.ask(question.question, question.language), counts)
                except QAError as error:
                    counts[f"error: {type(error).__name__}"] += 1
                counts["questions"] += 1
                print(f"{counts['questions']}", end="\r", flush=True)
    result = {
        "commit": commit_of(Path(__file__).parent),
        "model": settings.llm,
        "budget": settings.llm_budget,
        "passages": settings.top_k,
        "sets": options.sets,
        **counts,
    }
    print(json.dumps(result, indent=1, ensure_ascii=False))
    if options.out:
        options.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
