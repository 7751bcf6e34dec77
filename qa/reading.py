"""Reading: a question and some sentences together to the words that answer, and whether any do.

The reader is the cross-encoder of reader.onnx.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qa.cross_encoder import END, START, CrossEncoder
from qa.sentences import split_sentences
from qa.settings import Settings

if TYPE_CHECKING:
    from tokenizers import Encoding

    from qa.embedding import Embedder

WINDOW_TOKENS = 110
"""Tokens of sentences that are read at once, unless one sentence is longer."""

_QUESTION_TOKENS = 96
_SENTENCE_TOKENS = 400
_SPAN_TOKENS = 48
_BEFORE = ' \u00a0\u202f,;:«“"'
_AFTER = ' \u00a0\u202f.,;:»”"'
"""What stands around an answer without being part of it."""


@dataclass(frozen=True, slots=True)
class SentenceReading:
    """What the reader makes of one sentence."""

    evidence: float
    """Log-odds that the sentence answers the question."""
    start: int
    """First character, in the sentence, of the words that answer if any do."""
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader makes of a passage: `passage[start:end] == span`."""

    span: str
    """The words that answer if any do."""
    start: int
    end: int
    score: float
    """Log-odds that the passage answers; comparable between passages, and between questions. Higher is better."""
    answerable: float
    """Estimated probability that the passage answers the question, 0 to 1."""


@dataclass(frozen=True, slots=True)
class _Window:
    """A question and sentences as one input: tokens, and where in it each sentence begins."""

    ids: tuple[int, ...]
    begins: tuple[int, ...]
    sentences: tuple[tuple[str, Encoding], ...]


class Reader:
    """Reads sentences as answers to a question. Nothing is loaded before the first reading. Safe in several threads.

    Raises ModelDamaged at the first reading where its files can't be used.
    """

    def __init__(self, network: CrossEncoder | None = None) -> None:
        """`network`: None opens the one that comes with Passage."""
        self._network = network or CrossEncoder.open("reader.onnx", Settings())

    @classmethod
    def open(cls, settings: Settings, embedder: Embedder | None = None) -> Reader:
        """The reader that comes with Passage. It shares the tokenizer of `embedder` where that is the bundled model."""
        return cls(CrossEncoder.open("reader.onnx", settings, embedder))

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        """What each of `passages` answers to `question`, in their order; question and passages in any language.

        A passage of several sentences is read in windows of whole sentences, as many as fit. One without a word in it
        gets an empty span, and answers nothing.
        """
        windows: list[list[str]] = []
        places: list[list[tuple[int, int, int]]] = []  # per passage: window, sentence in it, offset in the passage
        for passage in passages:
            sentences = split_sentences(passage)
            places.append([])
            for run in self.windows([sentence.text for sentence in sentences]):
                places[-1] += [(len(windows), n, sentences[index].start) for n, index in enumerate(run)]
                windows.append([sentences[index].text for index in run])
        read = self.read_sentences(question, windows)
        readings = []
        for passage, found in zip(passages, places, strict=True):
            if not found:
                readings.append(Reading("", 0, 0, -math.inf, 0.0))
                continue
            best, offset = max(
                ((read[window][number], offset) for window, number, offset in found), key=lambda pair: pair[0].evidence
            )
            start, end = offset + best.start, offset + best.end
            probability = 1 / (1 + math.exp(-best.evidence))
            readings.append(Reading(passage[start:end], start, end, best.evidence, probability))
        return readings

    def read_sentences(self, question: str, windows: Sequence[Sequence[str]]) -> list[list[SentenceReading]]:
        """A reading of every sentence, by window; the sentences of a window are read in each other's light."""
        asked = tuple(self._network.encode(question).ids[-_QUESTION_TOKENS:])
        readings = []
        for window in windows:
            read = _window(asked, [(text, self._network.encode(text)) for text in window])
            readings.append(_readings(read, self._network.scores(read.ids)))
        return readings

    def windows(self, sentences: Sequence[str]) -> list[range]:
        """Runs of neighbouring sentences that are read together: as many as WINDOW_TOKENS hold, by index."""
        runs: list[range] = []
        size = 0
        for index, sentence in enumerate(sentences):
            length = self._length(sentence)
            if runs and size + length <= WINDOW_TOKENS:
                runs[-1] = range(runs[-1].start, index + 1)
                size += length
            else:
                runs.append(range(index, index + 1))
                size = length
        return runs

    def around(self, sentences: Sequence[str], index: int) -> range:
        """The sentence at `index` with as many neighbours as WINDOW_TOKENS hold, first before it, then after it."""
        run = range(index, index + 1)
        left = WINDOW_TOKENS - self._length(sentences[index])
        sides = [-1, 1]
        while sides:
            side = sides.pop(0)
            at = run.start - 1 if side < 0 else run.stop
            if 0 <= at < len(sentences) and self._length(sentences[at]) <= left:
                left -= self._length(sentences[at])
                run = range(min(run.start, at), max(run.stop, at + 1))
                sides.append(side)
        return run

    def _length(self, text: str) -> int:
        return len(self._network.encode(text).ids) + 1


def _window(question: tuple[int, ...], sentences: Sequence[tuple[str, Encoding]]) -> _Window:
    ids = [START, *question, END]
    begins = []
    for _, sentence in sentences:
        begins.append(len(ids))
        ids += [*sentence.ids[:_SENTENCE_TOKENS], END]
    return _Window(tuple(ids), tuple(begins), tuple(sentences))


def _readings(window: _Window, scores: NDArray[np.float32]) -> list[SentenceReading]:
    """The scores of a window's tokens (tokens x (evidence, start, end)) as readings of its sentences."""
    readings = []
    for begin, (text, sentence) in zip(window.begins, window.sentences, strict=True):
        length = min(len(sentence.ids), _SENTENCE_TOKENS)
        evidence, start, end = -math.inf, 0, 0
        if length:
            evidence = float(np.logaddexp.reduce(scores[begin : begin + length, 0]))
            first, last = best_span(scores[begin : begin + length, 1], scores[begin : begin + length, 2])
            start, end = sentence.offsets[first][0], sentence.offsets[last][1]
            start += len(text[start:end]) - len(text[start:end].lstrip(_BEFORE))
            end -= len(text[start:end]) - len(text[start:end].rstrip(_AFTER))
        readings.append(SentenceReading(evidence, start, max(start, end)))
    return readings


def best_span(starts: NDArray[np.float32], ends: NDArray[np.float32]) -> tuple[int, int]:
    """First and last token of the span with the highest sum of scores, at most 48 tokens long."""
    sums = starts[:, None] + ends[None, :]
    allowed = np.triu(np.ones(sums.shape, np.bool_)) & ~np.triu(np.ones(sums.shape, np.bool_), _SPAN_TOKENS)
    first, last = np.unravel_index(np.argmax(np.where(allowed, sums, -np.inf)), sums.shape)
    return int(first), int(last)
