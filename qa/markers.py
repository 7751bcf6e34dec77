"""Markers in a text that a chat model is writing: which of them cite, found while the text still comes in."""

from __future__ import annotations

import re
from collections.abc import Iterator

_OPEN, _CLOSE = "[【", "]】"
_NUMBERS = re.compile(r"\s*\d{1,3}(?:\s*(?:[,;–—-]|et|and)\s*\d{1,3})*\s*")
_PART = re.compile(r"(\d{1,3})(?:\s*[–—-]\s*(\d{1,3}))?")
_LONGEST = 40
_WIDEST_RANGE = 5
_THINKING = ("<think>", "</think>")


class MarkerReader:
    """Turns pieces of text, as they come, into text and numbers of citations.

    Numbers are given anew, from 1, in the order in which they first come: `sources[n - 1]` is what the model called
    the passage that the reader sees as [n]. "[2, 4]" and "[2–4]" become markers of their own; a number that no
    passage has leaves nothing in the text and is counted in `unknown`.
    """

    def __init__(self, known: range) -> None:
        """`known`: the numbers that the model was given."""
        self._known = known
        self._held = ""
        self._began = False
        self._written = False
        self.sources: list[int] = []
        self.unknown = 0

    def feed(self, text: str) -> Iterator[str | int]:
        """What can be said of the text so far: text as it is, citations as their new numbers."""
        self._held += text
        if not self._began and not self._past_thinking():
            return
        while self._held:
            opened = min((at for at in map(self._held.find, _OPEN) if at >= 0), default=-1)
            if opened < 0:
                yield self._take(len(self._held.rstrip()) or 0)  # spaces wait for what follows: a marker may be dropped
                return
            before = len(self._held[:opened].rstrip())
            if before:
                yield self._take(before)
                opened -= before
            closed = min((at for at in map(self._held.find, _CLOSE) if at >= 0), default=-1)
            if closed < 0 and len(self._held) - opened <= _LONGEST:
                return
            inside = self._held[opened + 1 : closed] if closed >= 0 else ""
            if not _NUMBERS.fullmatch(inside):
                yield self._take(opened + 1)  # a bracket that is no marker
                continue
            self._take(closed + 1)
            for number in self._numbers(inside):
                if self._written:
                    yield " "
                self._written = True
                yield number

    def rest(self) -> Iterator[str | int]:
        """What was held back at the end of the text: an unfinished marker is left out."""
        if self._began or not _THINKING[0].startswith(self._held.strip()[: len(_THINKING[0])]):
            yield re.sub(r"\s*[\[【]\s*[\d,;\s–—-]*$", "", self._held).rstrip()
        self._held = ""

    def _take(self, length: int) -> str:
        taken, self._held = self._held[:length], self._held[length:]
        self._written = self._written or bool(taken)
        return taken

    def _past_thinking(self) -> bool:
        """Leave out what a model thinks aloud before it answers; whether the answer has begun."""
        begun = self._held.lstrip()
        if begun.startswith(_THINKING[0]):
            _, closed, answer = begun.partition(_THINKING[1])
            if not closed:
                return False
            begun = answer.lstrip()
        elif _THINKING[0].startswith(begun[: len(_THINKING[0])]) and len(begun) < len(_THINKING[0]):
            return False
        self._held = begun
        self._began = bool(begun)
        return self._began

    def _numbers(self, inside: str) -> list[int]:
        numbers = []
        for part in _PART.finditer(inside):
            first, last = int(part[1]), int(part[2] or part[1])
            named = range(first, last + 1) if first <= last < first + _WIDEST_RANGE else (first, last)
            for number in named:
                if number not in self._known:
                    self.unknown += 1
                    continue
                if number not in self.sources:
                    self.sources.append(number)
                numbers.append(self.sources.index(number) + 1)
        return list(dict.fromkeys(numbers))


def without_thinking(written: str) -> str:
    """A whole reply without what a model thought aloud before it."""
    thought, closed, answer = written.partition(_THINKING[1])
    return answer.strip() if closed else "" if thought.lstrip().startswith(_THINKING[0]) else written.strip()
