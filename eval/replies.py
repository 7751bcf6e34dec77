"""What the replies of the configured chat model come to: `python -m eval.replies [--sets NAME…] [--out FILE]`.

Asks the questions of question sets with PASSAGE_LLM or PASSAGE_LLM_BASE_URL set, and counts what is shown: whose text,
citations of passages that were not retrieved or that do not quote the article, sentences by how they are supported.

A small model cites nothing by itself, and then the article's own sentences are shown. With `--forced`, llama.cpp's
server lets it write nothing but sentences that end with numbers, 1 to 99, of its own choice; the questions are asked
again and again until there are enough replies.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING

from eval.questions import load_questions
from eval.report import commit_of
from qa import Answer, Chunk, Citation, Engine, QAError, Settings
from qa.chat_model import most_written

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

SENTENCES = r"""
root ::= sentence (" " sentence)?
sentence ::= [^\[\]\n.!?]{20,120} (" [" number "]"){1,2} "."
number ::= [1-9] [0-9]?
"""
"""What a model may write with `--forced`, in llama.cpp's notation."""


def forced_model(settings: Settings) -> BaseChatModel:
    """The model behind llama.cpp's server, made to cite; its replies to the same question differ."""
    from langchain.chat_models import init_chat_model

    model: BaseChatModel = init_chat_model(
        settings.llm.removeprefix("openai:") or "default",
        model_provider="openai",
        base_url=settings.llm_base_url,
        api_key="none",
        temperature=1.0,
        max_tokens=most_written(settings),
        timeout=settings.llm_timeout,
        stream_usage=True,
        extra_body={"grammar": SENTENCES},
    )
    return model


def count_answer(engine: Engine, chunks: Iterable[Chunk], counts: Counter[str]) -> None:
    """Add an answer to the counts, with what was shown while it was written and is withdrawn."""
    answer: Answer | None = None
    shown: set[Citation] = set()
    for chunk in chunks:
        shown |= set(chunk.citations)
        answer = chunk.answer or answer
    assert answer is not None
    retrieved = {hit.passage.id for hit in answer.passages}
    shown |= set(answer.citations)
    counts["citations shown"] += len({(citation.number, citation.start) for citation in shown})
    counts["citations shown of passages that were not retrieved"] += sum(c.passage_id not in retrieved for c in shown)
    if answer.refused:
        counts["refused"] += 1
    elif answer.written_by:
        counts["written by the model"] += 1
    else:
        counts["the article's own sentences"] += 1
    for citation in shown:
        text = engine.article(citation.article_id).text(citation.language)
        counts["citations shown that do not quote the article"] += text[citation.start : citation.end] != citation.quote
    for statement in answer.statements:
        counts[f"sentences: {statement.support}"] += 1
    counts["numbers that no passage has, left out"] += answer.unknown_markers
    if answer.usage:
        counts["replies"] += 1
        counts["tokens read"] += answer.usage.input_tokens
        counts["tokens written"] += answer.usage.output_tokens


def main() -> None:
    """Ask, count, print."""
    parser = argparse.ArgumentParser(description="Count what a chat model's replies come to.")
    parser.add_argument("--sets", nargs="+", default=["article:dev", "article:test"])
    parser.add_argument("--replies", type=int, default=500, help="how many at most")
    parser.add_argument("--forced", action="store_true", help="make llama.cpp's server cite")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    settings = Settings()
    counts: Counter[str] = Counter()
    with Engine.open(settings, chat_model=forced_model(settings) if options.forced else None) as engine:
        sets = [load_questions(name, engine.articles).questions for name in options.sets]
        rounds = repeat(list(chain.from_iterable(sets))) if options.forced else [chain.from_iterable(sets)]
        with suppress(KeyboardInterrupt):  # what has been asked until then is told
            for question in chain.from_iterable(rounds):
                if counts["replies"] >= options.replies:
                    break
                try:
                    count_answer(engine, engine.stream(question.question, question.language), counts)
                except QAError as error:
                    counts[f"error: {type(error).__name__}"] += 1
                counts["questions"] += 1
                print(f"{counts['replies']} of {counts['questions']}", end="\r", flush=True)
    result = {
        "commit": commit_of(Path(__file__).parent),
        "model": settings.llm,
        "budget": settings.llm_budget,
        "passages": settings.top_k,
        "sets": options.sets,
        "forced": options.forced,
        **counts,
    }
    print(json.dumps(result, indent=1, ensure_ascii=False))
    if options.out:
        options.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
