"""Sentence boundaries with exact offsets, in French and English prose that may lack spaces after full stops."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa.types import Sentence, SentenceKind

_LINE = re.compile(r"[^\r\n]+")
_BULLET = re.compile(r"[\s\ufeff]*(?:[-*•‣–—]|\d{1,2}[.)])\s+")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S*[^\s.,;:!?…»”\"')\]]|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_HEADING_LENGTH = 120

# A full stop, what closes after it, then a space or none at all.
_STOP = re.compile(r"[.!?…]+(?:[\"”’)\]]|[ \u00a0\u202f]?»)*(?P<gap>\s*)")
_OPENS = re.compile(r"[«“\"‘'(\[—–-]*[ \u00a0\u202f]?[\"“‘]?[^\W\d_]")

# Abbreviations end in a full stop that ends no sentence, before a name or before a number.
_BEFORE_NAME = frozenset(
    "m mm mme mmes mlle mlles mgr dr drs pr prof me st ste mr mrs ms gen gén col lt capt cpt sgt cdt gov sen rep hon "
    "rev jr av apr bd boul vs cf env".split()
)
_BEFORE_NUMBER = frozenset("art p pp fig vol chap n no nos nº n° al éd ed sect ch env approx v t".split())
_LAST_WORD = re.compile(r"[^\W_]+°?$")


def split_sentences(text: str) -> tuple[Sentence, ...]:
    """Every sentence of `text` in order, with offsets in characters; `text[s.start:s.end] == s.text`.

    A sentence never crosses a line. Lines that hold no letters, or only an address, are no sentences.
    """
    found: list[Sentence] = []
    for number, start, end in _lines(text):
        line = text[start:end]
        address = _ADDRESS.fullmatch(line.strip())
        if address or not any(character.isalpha() for character in line):
            continue
        bullet = _BULLET.match(line)
        spans = list(_spans(line, bullet.end() if bullet else 0))
        kind: SentenceKind = "bullet" if bullet else "heading" if _is_heading(line, spans) else "body"
        for first, last in spans:
            sentence = line[first:last]
            found.append(Sentence(len(found), number, start + first, start + last, kind, sentence))
    return tuple(found)


def _lines(text: str) -> Iterator[tuple[int, int, int]]:
    """Number, start and end of each line that is not empty."""
    number, seen = 0, 0
    for match in _LINE.finditer(text):
        between = text[seen : match.start()]
        number += between.count("\n") or between.count("\r")
        seen = match.end()
        yield number, match.start(), match.end()


def _is_heading(line: str, spans: list[tuple[int, int]]) -> bool:
    return len(spans) == 1 and len(line) <= _HEADING_LENGTH and line.rstrip()[-1] not in '.!?…»”":;,'


def _spans(line: str, start: int) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence of a line, white space at both ends left out."""
    addresses = [match.span() for match in _ADDRESS.finditer(line)]
    for stop in _STOP.finditer(line, start):
        if any(first <= stop.start() < last for first, last in addresses):
            continue
        if stop.end() < len(line) and _ends_sentence(line, start, stop):
            yield from _trimmed(line, start, stop.start("gap"))
            start = stop.end()
    yield from _trimmed(line, start, len(line))


def _trimmed(line: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    part = line[start:end]
    kept = part.strip().strip("\ufeff")
    if kept:
        first = start + part.index(kept)
        yield first, first + len(kept)


def _ends_sentence(line: str, start: int, stop: re.Match[str]) -> bool:
    """Whether the full stop matched by `stop` ends the sentence that began at `start`."""
    before, after = line[start : stop.start()], line[stop.end() :]
    opens = _OPENS.match(after)
    if opens is None:  # a digit, or nothing that a sentence begins with: only after a space
        return bool(stop["gap"]) and after[:1].isdigit() and not _is_abbreviation(before, _BEFORE_NUMBER)
    if not after[opens.end() - 1].isupper():
        return False
    if not stop.group().startswith("."):
        return True
    word = _LAST_WORD.search(before)
    if word is None:
        return bool(before.strip())
    if word.group().isdigit() and not before[: word.start()].strip():
        return False  # "1. Premier point": the number of a list item
    initial = len(word.group()) == 1 and word.group().isupper()
    return not initial and not _is_abbreviation(before, _BEFORE_NAME)


def _is_abbreviation(before: str, known: frozenset[str]) -> bool:
    word = _LAST_WORD.search(before)
    return word is not None and word.group().lower() in known
