"""Markers in a text that a chat model is writing: which of them cite, found while the text still comes in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

_OPEN, _CLOSE = "[【", "]】"
_CALLED = r"(?:\^|n°|no\.|phrases?|passages?|sources?|sentences?)?\s*"
_NUMBERS = re.compile(
    rf"\s*{_CALLED}\d{{1,3}}(?:\s*(?:[,;&–—-]|et|and)\s*{_CALLED}\d{{1,3}})*\s*(?:†[^\[\]【】]*)?", re.IGNORECASE
)
_PART = re.compile(r"(\d{1,3})(?:\s*[–—-]\s*(\d{1,3}))?")
_MORE_MARKERS = re.compile(r"(?:[ \t]*[\[【]+[^\[\]【】]*[\]】]+)*[ \t]*")
_LONGEST = 40
_WIDEST_RANGE = 5
_THINKING = ("<think>", "</think>")
_MARKUP = re.compile(r"\*\*|__|`|\\(?=[\[\]_*])")
"""Emphasis, code and escapes of Markdown: the text is shown as it is."""
_HALF = re.compile(r"(?:\\+|\\*(?<!\*)(?:\*\*)*\*|\\*(?<!_)(?:__)*_|<(?:/(?:t(?:h(?:i(?:n(?:k)?)?)?)?)?)?)\Z")
"""The end of a piece that may be half of that, or of the tag that ends thinking."""


class Restart(Enum):
    """What has been written so far was thinking aloud, and is no part of the answer."""

    NOW = "now"


class MarkerReader:
    """Turns pieces of text, as they come, into text and numbers of citations.

    Numbers are given anew, from 1, in the order in which they first come: `sources[n - 1]` is what the model called
    the passage that the reader sees as [n]. "[2, 4]" and "[2–4]" become markers of their own; a number that no
    passage has leaves nothing in the text and is counted in `unknown`. A marker on a line of its own belongs to the
    line before; one at the beginning of a line stays there.
    """

    def __init__(self, known: range) -> None:
        """`known`: the numbers that the model was given."""
        self._known = known
        self._half = ""
        self._held = ""
        self._begin()

    def _begin(self) -> None:
        self._began = False
        self._written = False
        self._bare = True
        self.sources: list[int] = []
        self.unknown = 0

    def feed(self, text: str) -> Iterator[str | int | Restart]:
        """What can be said of the text so far: text as it is, citations as their new numbers."""
        text = self._half + text
        half = _HALF.search(text)
        self._half = half[0] if half else ""
        self._held += text[: half.start()] if half else text
        self._held = _MARKUP.sub("", self._held)
        if _THINKING[1] in self._held:  # its opening tag may have been in the prompt
            self._held = self._held.rpartition(_THINKING[1])[2]
            if self._written:
                yield Restart.NOW
            self._begin()
        if self._began or self._past_thinking():
            yield from self._read(last=False)

    def rest(self) -> Iterator[str | int]:
        """What was held back at the end of the text: an unfinished marker is left out."""
        self._held += self._half
        if self._began:
            yield from self._read(last=True)
        if self._began or not _THINKING[0].startswith(self._held.strip()[: len(_THINKING[0])]):
            yield re.sub(r"\s*[\[【]\s*[\d,;\s–—-]*$", "", self._held).rstrip()
        self._held = ""

    def _read(self, *, last: bool) -> Iterator[str | int]:
        while self._held:
            if self._bare:
                self._held = self._held.lstrip(" ")
            opened = min((at for at in map(self._held.find, _OPEN) if at >= 0), default=len(self._held))
            yield from self._text(len(self._held[:opened].rstrip()))  # spaces wait: the marker behind may be dropped
            gap = len(self._held) - len(self._held.lstrip())
            if gap == len(self._held):
                return
            inside, end = self._bracket(gap)
            if end < 0 and (last or len(self._held) - gap <= _LONGEST):
                return
            if end < 0 or not _NUMBERS.fullmatch(inside):
                yield from self._no_marker(gap, inside)
                continue
            behind = _MORE_MARKERS.sub("", self._held[end:], count=1)[:1]
            after_break = "\n" in self._held[:gap] and self._written
            if after_break and not last and behind in ("", *_OPEN):
                return  # whether it begins a line of text is to be seen
            self._held = self._held[end:]
            if after_break and behind not in ("", "\n"):
                yield "\n"
                self._bare = True
            for number in self._numbers(inside):
                if not self._bare:
                    yield " "
                yield number
                self._written, self._bare = True, False

    def _no_marker(self, gap: int, inside: str) -> Iterator[str]:
        if any(mark in inside for mark in _OPEN):  # what is left of it could be taken for a marker
            self._held = f"{self._held[:gap]}({self._held[gap + 1 :]}"
        yield from self._text(gap + 1)

    def _text(self, length: int) -> Iterator[str]:
        if length:
            yield self._held[:length]
            self._held = self._held[length:]
            self._written, self._bare = True, False

    def _bracket(self, at: int) -> tuple[str, int]:
        """What stands in the bracket at `at`, and where that ends; -1 where it is not closed yet."""
        double = self._held[at + 1 : at + 2] in _OPEN and self._held[at + 1 : at + 2] == self._held[at]
        if double:
            closed = self._held.find("]]", at)
            return self._held[at + 2 : closed] if closed >= 0 else "", closed + 2 if closed >= 0 else -1
        closed = min((found for found in (self._held.find(mark, at) for mark in _CLOSE) if found >= 0), default=-1)
        return self._held[at + 1 : closed] if closed >= 0 else "", closed + 1 if closed >= 0 else -1

    def _past_thinking(self) -> bool:
        """Leave out the spaces before an answer; whether it has begun, and is no thinking aloud."""
        begun = self._held.lstrip()
        if begun.startswith(_THINKING[0]) or (len(begun) < len(_THINKING[0]) and _THINKING[0].startswith(begun)):
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
