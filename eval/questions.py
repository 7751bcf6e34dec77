"""Question sets: one JSON object a line, checked against the articles that they are about."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from qa import QAError

if TYPE_CHECKING:
    from qa import Article, Language

Kind: TypeAlias = Literal["answerable", "near_miss", "off_topic", "instruction"]
"""Whether the article answers; if not, whether the question is near it, far from it, or no question but an order."""

UNANSWERABLE: tuple[Kind, ...] = ("near_miss", "off_topic", "instruction")
WORDINGS = ("plain", "paraphrase")

_SETS = Path(__file__).parent / "sets"
_ALLOWED: Mapping[str, tuple[str, ...]] = {
    "split": ("dev", "test"),
    "kind": ("answerable", *UNANSWERABLE),
    "language": ("fr", "en"),
    "wording": WORDINGS,
}
_STRINGS = ("query_id", "fact", "question", *_ALLOWED)
_LISTS = ("answers", "evidence")


class QuestionSetError(QAError):
    """A question set that can't be used: the base of the errors below."""

    bad_input = True


class QuestionSetNotFound(QuestionSetError):
    """No file at the path, and no bundled set of the name."""

    texts: ClassVar[dict[str, str]] = {
        "en": "There is no question set {name}. Give the path of a .jsonl file or a bundled set ({known}), "
        "with :dev or :test behind it for one split.",
        "fr": "Il n’y a pas de jeu de questions {name}. Indiquez un fichier .jsonl ou un jeu fourni ({known}), "
        "suivi de :dev ou :test pour une seule partie.",
    }


class QuestionSetUnreadable(QuestionSetError):
    """The file can't be read as UTF-8."""

    texts: ClassVar[dict[str, str]] = {
        "en": "The question set {path} can't be read: {cause}. Check its permissions, and that it is UTF-8.",
        "fr": "Le jeu de questions {path} est illisible : {cause}. Vérifiez ses droits, et qu’il est en UTF-8.",
    }


class QuestionSetEmpty(QuestionSetError):
    """No question, or none in the split that was asked for."""

    texts: ClassVar[dict[str, str]] = {
        "en": "The question set {name} holds no question. Add questions, or choose another split.",
        "fr": "Le jeu {name} ne contient aucune question. Ajoutez des questions, ou choisissez une autre partie.",
    }


class QuestionNotJSON(QuestionSetError):
    """A line that is not a JSON object."""

    texts: ClassVar[dict[str, str]] = {
        "en": "{path}, line {line}: not a JSON object ({cause}). Write one object a line; see eval/sets/article.jsonl.",
        "fr": "{path}, ligne {line} : ce n’est pas un objet JSON ({cause}). Écrivez un objet par ligne ; "
        "voyez eval/sets/article.jsonl.",
    }


class QuestionFieldMissing(QuestionSetError):
    """A field that every question needs, or that its kind needs, is not there or is empty."""

    texts: ClassVar[dict[str, str]] = {
        "en": "{path}, line {line}: the field “{field}” is missing or empty. "
        "Each question needs its text, and an answerable one needs answers and evidence.",
        "fr": "{path}, ligne {line} : le champ « {field} » manque ou est vide. "
        "Chaque question a besoin de son texte ; s’il y a une réponse, de « answers » et de « evidence ».",
    }


class QuestionValueInvalid(QuestionSetError):
    """A value of a field that is not one of those it may have."""

    texts: ClassVar[dict[str, str]] = {
        "en": "{path}, line {line}: “{field}” is {found}, but it should be {expected}. Correct the line.",
        "fr": "{path}, ligne {line} : « {field} » vaut {found} ; attendu : {expected}. Corrigez la ligne.",
    }


class EvidenceNotFound(QuestionSetError):
    """Evidence that does not stand in the original edition of any article."""

    texts: ClassVar[dict[str, str]] = {
        "en": "{path}, line {line}: the evidence “{evidence}” is in none of the articles ({articles}). "
        "Copy it letter for letter from the original edition, or name the right articles.",
        "fr": "{path}, ligne {line} : l’extrait « {evidence} » ne figure dans aucun des articles ({articles}). "
        "Copiez-le à la lettre de l’édition originale, ou indiquez les bons articles.",
    }


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of the original edition of an article, from `start` to `end`."""

    article_id: str
    start: int
    end: int

    def overlaps(self, article_id: str, start: int, end: int) -> bool:
        """Whether they share a character with another span of an original edition."""
        return self.article_id == article_id and start < self.end and self.start < end


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and what a right answer to it holds."""

    query_id: str
    fact: str
    """What is asked about; questions of one fact are wordings of one question, all in the same split."""
    split: str
    kind: Kind
    language: Language
    wording: str
    question: str
    answers: tuple[str, ...]
    """Accepted short answers in the question's language; empty unless it is answerable."""
    evidence: tuple[Span, ...]
    """Where the original says so, any one being enough; empty unless it is answerable."""

    @property
    def answerable(self) -> bool:
        """Whether the article answers it."""
        return self.kind == "answerable"


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """The questions of a set, or of one of its splits, in the order of the file."""

    name: str
    """The set's file name without its ending."""
    split: str
    """dev, test, or all."""
    questions: tuple[Question, ...]


def load_questions(name: str, articles: Sequence[Article]) -> QuestionSet:
    """The set at the path `name`, or the bundled set of that name; `name:dev` or `name:test` gives one split.

    Evidence is looked up in the original editions of `articles`. Raises QuestionSetError.
    """
    path, split = _locate(name)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionSetUnreadable(path=path, cause=error) from error
    questions = tuple(q for q in _questions(text, path, articles) if split in ("all", q.split))
    if not questions:
        raise QuestionSetEmpty(name=name)
    return QuestionSet(path.stem, split, questions)


def _locate(name: str) -> tuple[Path, str]:
    """The file that `name` stands for, and the split."""
    stem, _, split = name.rpartition(":")
    readings = [(name, "all"), *([(stem, split)] if split in _ALLOWED["split"] else [])]
    for written, of in readings:
        for path in (_SETS / f"{written}.jsonl", Path(written).expanduser()):
            if path.is_file():
                return path, of
    known = ", ".join(sorted(path.stem for path in _SETS.glob("*.jsonl")))
    raise QuestionSetNotFound(name=name, known=known)


def _questions(text: str, path: Path, articles: Sequence[Article]) -> Iterator[Question]:
    seen: set[str] = set()
    # Not splitlines(): it would also split at characters that may stand inside a JSON string.
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        question = _question(content, path, line, articles)
        if question.query_id in seen:
            raise QuestionValueInvalid(
                path=path, line=line, field="query_id", found=question.query_id, expected="an id not used before"
            )
        seen.add(question.query_id)
        yield question


def _question(content: str, path: Path, line: int, articles: Sequence[Article]) -> Question:
    try:
        row = json.loads(content)
    except ValueError as error:
        raise QuestionNotJSON(path=path, line=line, cause=error) from error
    if not isinstance(row, dict):
        raise QuestionNotJSON(path=path, line=line, cause=f"it is a {type(row).__name__}")
    _check(row, path, line)
    evidence = tuple(_find(text, path, line, articles) for text in row["evidence"])
    return Question(**{field: row[field] for field in _STRINGS}, answers=tuple(row["answers"]), evidence=evidence)


def _check(row: dict[str, Any], path: Path, line: int) -> None:
    needed = {*_STRINGS, *(_LISTS if row.get("kind") == "answerable" else ())}
    for field in (*_STRINGS, *_LISTS):
        value = row.get(field)
        if value is None or (field in needed and value in ("", [])):
            raise QuestionFieldMissing(path=path, line=line, field=field)
        allowed = _ALLOWED.get(field)
        if field in _LISTS:
            valid = isinstance(value, list) and all(isinstance(text, str) and text for text in value)
        else:
            valid = isinstance(value, str) and (allowed is None or value in allowed)
        if not valid:
            expected = ", ".join(allowed) if allowed else ("a list of texts" if field in _LISTS else "a text")
            raise QuestionValueInvalid(path=path, line=line, field=field, found=repr(value), expected=expected)


def _find(evidence: str, path: Path, line: int, articles: Sequence[Article]) -> Span:
    for article in articles:
        start = article.text(article.original).find(evidence)
        if start >= 0:
            return Span(article.id, start, start + len(evidence))
    ids = ", ".join(article.id for article in articles)
    raise EvidenceNotFound(path=path, line=line, evidence=evidence, articles=ids)
