"""How well follow-up questions are understood: `python -m eval.conversations [--split test] [--out FILE]`.

Each conversation of sets/conversations.jsonl is asked turn by turn, every question with the answers before it, and
again with the questions written out (`standalone`) and with each question by itself: what is lost lies between.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.report import commit_of
from qa import Answer, Engine, Settings

SET = Path(__file__).parent / "sets" / "conversations.jsonl"
WAYS = ("with the conversation", "written out", "by itself")


@dataclass(frozen=True, slots=True)
class Asked:
    """A turn, and whether it was answered right in each of the WAYS."""

    language: str
    kind: str
    follow_up: str
    right: Mapping[str, bool]


def ask_all(engine: Engine, split: str) -> Iterator[Asked]:
    """Every turn of the conversations of a split."""
    for row in map(json.loads, SET.read_text(encoding="utf-8").splitlines()):
        if row["split"] != split:
            continue
        history: list[Answer] = []
        for turn in row["turns"]:
            language = row["language"]
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
    parser.add_argument("--split", choices=("dev", "test"), default="dev")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with Engine.open(Settings(llm="", llm_base_url="")) as engine:  # without a chat model, whatever is configured
        table = figures(list(ask_all(engine, options.split)))
    commit = commit_of(Path(__file__).parent)
    text = json.dumps({"split": options.split, "commit": commit, "figures": table}, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
