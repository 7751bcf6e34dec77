"""AfriQA's passages and questions (github.com/masakhane-io/afriqa, CC BY 4.0), as eval/train/MODEL_CARD.md names them.

A folder holds `fr/` and `en/`, each with `corpus.jsonl` (id, text) and `queries.jsonl` (id, question, passage_id,
answerable; start and end of the answer in the passage's text).
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

HELD_OUT = 7
"""One passage in this many, with its questions, is kept out of training."""


def read_passages(folder: Path, language: str) -> dict[str, str]:
    """The texts by id."""
    lines = (folder / language / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["id"]: row["text"] for row in map(json.loads, lines)}


def read_questions(folder: Path, language: str) -> list[dict[str, Any]]:
    """The questions that their passages answer, in the order of the file."""
    lines = (folder / language / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if row["answerable"]]


def is_held_out(passage_id: str) -> bool:
    """Whether a passage is kept out of training."""
    return zlib.crc32(passage_id.encode()) % HELD_OUT == 0
