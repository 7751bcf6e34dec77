"""How well follow-up questions are understood: `python -m eval.conversations [--split test] [--out FILE]`.

Each conversation of sets/conversations.jsonl (on the article), or with `--split written` of the written articles that
were held out from training, is asked turn by turn, every question with the answers before it, and again with the
questions written out (`standalone`) and with each question by itself: what is lost lies between.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from eval.report import commit_of
from eval.train.written import HELD_OUT, read, write_source
from qa import Answer, ArticleError, Engine, SentenceTransformerEmbeddings, Settings
from qa.types import LANGUAGES, Language

SET = Path(__file__).parent / "sets" / "conversations.jsonl"
WAYS = ("with the conversation", "written out", "by itself")


@dataclass(frozen=True, slots=True)
class Asked:
    """A turn, and whether it was answered right in each of the WAYS."""

    language: str
    kind: str
    follow_up: str
    right: Mapping[str, bool]


def conversations(split: str) -> Iterator[tuple[Engine, Language, list[dict[str, Any]]]]:
    """Every conversation of a split, with the engine that it is held with; one article after another."""
    if split == "written":
        yield from _on_written()
        return
    with Engine.open(Settings(llm="", llm_base_url="")) as engine:  # without a chat model, whatever is configured
        for row in map(json.loads, SET.read_text(encoding="utf-8").splitlines()):
            if row["split"] == split:
                yield engine, row["language"], row["turns"]


def _on_written() -> Iterator[tuple[Engine, Language, list[dict[str, Any]]]]:
    """The conversations on the articles held out, each indexed by itself."""
    embedder = SentenceTransformerEmbeddings()
    with TemporaryDirectory() as folder:
        for article in read(HELD_OUT):
            if not article.get("conversations"):
                continue
            source = write_source(article, Path(folder) / "articles")
            settings = Settings(sources=(source,), data_dir=Path(folder) / article["id"], llm="", llm_base_url="")
            with suppress(ArticleError), Engine.open(settings, embedder=embedder) as engine:  # one can't be aligned
                sentences = [s for paragraph in article[engine.articles[0].original] for s in paragraph]
                for language in LANGUAGES:
                    for turns in article["conversations"]:
                        yield engine, language, [_turn(turn, language, sentences) for turn in turns]


def _turn(turn: Mapping[str, Any], language: Language, sentences: Sequence[str]) -> dict[str, Any]:
    """A turn of a written article as those of the set are."""
    return {
        "question": turn[language],
        "standalone": turn["standalone"][language],
        "kind": "answerable" if turn["sentences"] else "near_miss",
        "follow_up": turn["follow_up"],
        "evidence": [sentences[number] for number in turn["sentences"]],
    }


def ask_turns(engine: Engine, language: str, turns: Sequence[Mapping[str, Any]]) -> Iterator[Asked]:
    """Every turn of a conversation, each of the WAYS."""
    history: list[Answer] = []
    for turn in turns:
        answers = {
            "with the conversation": engine.ask(turn["question"], language, history=history),
            "written out": engine.ask(turn["standalone"], language),
            "by itself": engine.ask(turn["question"], language),
        }
        history.append(answers["with the conversation"])
        right = {way: is_right(answer, turn) for way, answer in answers.items()}
        yield Asked(language, turn["kind"], turn["follow_up"], right)


def is_right(answer: Answer, turn: Mapping[str, Any]) -> bool:
    """A sentence that answers is cited; where none does, nothing is."""
    if turn["kind"] != "answerable":
        return answer.refused
    return any(citation.source_quote in turn["evidence"] for citation in answer.citations)


def figures(asked: list[Asked]) -> dict[str, dict[str, float]]:
    """Shares that are right, by language and kind of turn, in each of the ways."""
    table: dict[str, dict[str, float]] = {}
    for language in ("fr", "en"):
        of_language = [turn for turn in asked if turn.language == language]
        answerable = [turn for turn in of_language if turn.kind == "answerable"]
        follow_ups = [turn for turn in answerable if turn.follow_up not in ("none", "new_topic")]
        slices = {
            "first questions": [turn for turn in answerable if turn.follow_up == "none"],
            "follow-ups": follow_ups,
            "new topics": [turn for turn in answerable if turn.follow_up == "new_topic"],
            "not answered by the article": [turn for turn in of_language if turn.kind != "answerable"],
        }
        for kind in sorted({turn.follow_up for turn in follow_ups}):
            slices[f"follow-ups: {kind}"] = [turn for turn in follow_ups if turn.follow_up == kind]
        for name, turns in slices.items():
            shares = {way: round(sum(turn.right[way] for turn in turns) / len(turns), 3) for way in WAYS}
            table[f"{language} {name}"] = {"turns": len(turns), **shares}
    return table


def main() -> None:
    """Ask, print the figures, write them."""
    parser = argparse.ArgumentParser(description="Measure follow-up questions.")
    parser.add_argument("--split", choices=("dev", "test", "written"), default="dev")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    table = figures([asked for held in conversations(options.split) for asked in ask_turns(*held)])
    commit = commit_of(Path(__file__).parent)
    text = json.dumps({"split": options.split, "commit": commit, "figures": table}, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
