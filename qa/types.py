"""The values that the pipeline passes on, in the order in which they arise. All are frozen."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Language: TypeAlias = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = ("fr", "en")

SentenceKind: TypeAlias = Literal["heading", "bullet", "body"]

Reason: TypeAlias = Literal["off_topic", "not_stated"]
"""Why an answer is a refusal: nothing in the article is near the question, or what is near does not answer it."""


SupportLabel: TypeAlias = Literal["supported", "weak", "unsupported"]
"""Whether what is cited supports a sentence that a chat model wrote."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an edition: `edition.text[start:end] == text`, offsets in characters (code points)."""

    index: int
    """Position in the edition, from 0; the same in every edition of the article."""
    line: int
    """Line of the file, from 0."""
    start: int
    end: int
    kind: SentenceKind
    text: str


@dataclass(frozen=True, slots=True)
class Edition:
    """An article in one language: the file's own characters, and where its sentences are."""

    language: Language
    text: str
    sentences: tuple[Sentence, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the text, hexadecimal."""
        return sha256(self.text.encode("utf-8")).hexdigest()


@dataclass(frozen=True, slots=True)
class Article:
    """An original edition and its translations, aligned sentence by sentence."""

    id: str
    title: Mapping[Language, str]
    original: Language
    editions: Mapping[Language, Edition]
    path: Path
    address: str = ""
    """Where the article was published; empty when that is not known."""

    def edition(self, language: Language) -> Edition:
        """The edition in `language`, or the original where there is none."""
        return self.editions.get(language) or self.editions[self.original]

    def text(self, language: Language) -> str:
        """The whole text of the edition in `language`. Raises KeyError where there is none."""
        return self.editions[language].text


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences within one paragraph of an edition."""

    article_id: str
    language: Language
    start: int
    end: int
    text: str
    sentences: tuple[int, ...]
    """Indexes of its sentences; passages of two editions with the same indexes say the same."""

    @property
    def id(self) -> str:
        """`article:language:start-end`."""
        return f"{self.article_id}:{self.language}:{self.start}-{self.end}"


@dataclass(frozen=True, slots=True)
class Query:
    """A question made ready for retrieval."""

    text: str
    language: Language
    """The language to answer in."""
    written: Language | None
    """The language of its words; None where that is neither French nor English."""
    vector: NDArray[np.float32] = field(compare=False, repr=False)
    """The question's embedding, of unit length."""
    asked: str
    """The words that say what is wanted: the question, or the follow-up without what it points back to."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that retrieval found, in the edition of the answer's language where there is one."""

    passage: Passage
    score: float
    """Fused score of dense and lexical search, 0 to 1, higher is better; comparable within one question only."""
    similarity: float
    """Mean of the cosines of the question with the passage and with its best sentence, -1 to 1."""
    deviation: float
    """How far the similarity stands above that of unrelated questions, in their standard deviations."""
    bm25: float
    """BM25 score in the edition that the question's words are written in, from 0; 0 where there is none."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "passage_id": self.passage.id,
            "article_id": self.passage.article_id,
            "language": self.passage.language,
            "start": self.passage.start,
            "end": self.passage.end,
            "text": self.passage.text,
            "score": self.score,
            "similarity": self.similarity,
            "deviation": self.deviation,
            "bm25": self.bm25,
        }


@dataclass(frozen=True, slots=True)
class Citation:
    """The sentence that a marker [number] stands for, in the answer's edition and in the original.

    `article.text(language)[start:end] == quote` and
    `article.text(source_language)[source_start:source_end] == source_quote`, always.
    """

    number: int
    article_id: str
    passage_id: str
    language: Language
    quote: str
    start: int
    end: int
    source_language: Language
    source_quote: str
    source_start: int
    source_end: int
    score: float
    """Estimated probability that the sentence answers the question, 0 to 1."""


@dataclass(frozen=True, slots=True)
class ShortAnswer:
    """The words within a cited sentence that answer: `article.text(language)[start:end] == text`."""

    text: str
    language: Language
    start: int
    end: int
    citation: int
    """Number of the citation that they stand in."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that a chat model wrote, checked: `answer.text[start:end] == text`, unless it was removed."""

    text: str
    """With its markers."""
    start: int
    end: int
    """Equal to `start` where the sentence was removed from the answer."""
    citations: tuple[int, ...]
    """Numbers of its citations; empty where it has none that can be used."""
    support: SupportLabel
    score: float
    """Estimated probability that the citations support it, 0 to 1."""
    missing: tuple[str, ...] = ()
    """Its numbers and names that the citations do not mention."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a chat model took for an answer."""

    input_tokens: int
    output_tokens: int
    estimated: bool = False
    """Whether they were counted here, because the model's server does not say."""

    def __add__(self, other: Usage) -> Usage:
        estimated = self.estimated or other.estimated
        return Usage(self.input_tokens + other.input_tokens, self.output_tokens + other.output_tokens, estimated)


def total(usages: Sequence[Usage]) -> Usage | None:
    """All of them together; None where there are none."""
    return sum(usages[1:], start=usages[0]) if usages else None


_MARKUP = re.compile(r"([\\`*_<\[\]])")
_MARKER = re.compile(r"\\\[(\d+)\\\]")


def _as_markdown(text: str) -> str:
    """`text` as Markdown that shows it character by character: an article's markup is not ours."""
    return _MARKUP.sub(r"\\\1", text)


@dataclass(frozen=True, slots=True)
class Answer:
    """What Passage says to a question."""

    question: str
    language: Language
    text: str
    """The answer with its markers [1], [2]…, or the refusal in words."""
    refused: bool
    reason: Reason | None
    """Why it is a refusal; None when it is not."""
    confidence: float
    """Estimated probability that the article answers the question, 0 to 1."""
    citations: tuple[Citation, ...]
    """Empty in a refusal."""
    passages: tuple[Hit, ...]
    """The nearest passages, best first, and all that are cited; in a refusal they are not an answer."""
    notice: str = ""
    """Something that the reader should know, in the language of the answer; empty when there is nothing."""
    short: ShortAnswer | None = None
    """The words that answer; None in a refusal, for a question to be answered by yes or no, and without the reader."""
    nearest: tuple[Citation, ...] = ()
    """In a refusal, the sentences that come nearest, best first: they are not an answer."""
    standalone: str = ""
    """What a follow-up question was understood to ask; empty where the question stands by itself."""
    written_by: str = ""
    """The chat model that wrote the text; empty where it is made of the article's own sentences."""
    statements: tuple[Statement, ...] = ()
    """The sentences that a chat model wrote, each checked against what it cites; empty where none wrote."""
    unknown_markers: int = 0
    """Citations of passages that the chat model was not given; none of them is in the text."""
    usage: Usage | None = None
    """Tokens that the chat model took, for a text that could not be used too; None where none was asked."""
    timings: Mapping[str, float] = field(default_factory=dict, compare=False)
    """Seconds spent in each step: embed, retrieve, select, write (by a chat model), total."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; the same shape for an answer and a refusal."""
        return {
            "question": self.question,
            "language": self.language,
            "text": self.text,
            "refused": self.refused,
            "reason": self.reason,
            "confidence": self.confidence,
            "notice": self.notice,
            "short": dataclasses.asdict(self.short) if self.short else None,
            "nearest": [dataclasses.asdict(citation) for citation in self.nearest],
            "citations": [dataclasses.asdict(citation) for citation in self.citations],
            "passages": [hit.to_dict() for hit in self.passages],
            "standalone": self.standalone,
            "written_by": self.written_by,
            "statements": [dataclasses.asdict(statement) for statement in self.statements],
            "unknown_markers": self.unknown_markers,
            "usage": dataclasses.asdict(self.usage) if self.usage else None,
            "timings": dict(self.timings),
        }

    def _marked(self) -> str:
        """The text as Markdown, what is not supported struck out."""
        parts, done = [], 0
        for statement in self.statements:
            if statement.support == "unsupported" and statement.start < statement.end:
                struck = _as_markdown(self.text[statement.start : statement.end])
                parts += [_as_markdown(self.text[done : statement.start]), f"~~{struck}~~"]
                done = statement.end
        return "".join([*parts, _as_markdown(self.text[done:])])

    def to_markdown(self) -> str:
        """The answer as Markdown, its sources as a numbered list with offsets."""
        parts = [_MARKER.sub(r"[\1]", self._marked())]
        if self.notice:
            parts.insert(0, f"*{self.notice}*")
        sources = []
        for c in self.citations:
            line = f"[{c.number}] “{_as_markdown(c.quote)}” ({c.article_id}, {c.language} {c.start}–{c.end})"
            if c.source_language != c.language:
                line += (
                    f"  \n    “{_as_markdown(c.source_quote)}” ({c.source_language} {c.source_start}–{c.source_end})"
                )
            sources.append(line)
        if sources:
            parts.append("  \n".join(sources))
        return "\n\n".join(parts)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an answer as it is written; the pieces' texts joined are `answer.text`.

    Where a chat model fails in mid-sentence, the answer on the last piece takes the place of what it wrote; and with
    `restarts`, what was written before it was no part of the answer.
    """

    text: str
    answer: Answer | None = None
    """The whole answer, on the last piece only."""
    citations: tuple[Citation, ...] = ()
    """What the markers written so far stand for."""
    statements: tuple[Statement, ...] = ()
    """The sentences that have been checked so far."""
    restarts: bool = False
    """Whether the text begins anew with this piece."""
    standalone: str = ""
    """As in `Answer`."""
