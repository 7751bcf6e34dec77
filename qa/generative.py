"""Answers that a chat model writes from the passages found, each sentence checked against what it cites."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import fmean

from qa.chat_model import ChatModel
from qa.citations import cite
from qa.errors import ChatModelFailed
from qa.evidence import Candidates
from qa.extractive import chunks_of
from qa.language import detect_language, is_latin
from qa.markers import MarkerReader, Restart, without_thinking
from qa.prompts import NOT_STATED, PROMPTS
from qa.retrieval import SentenceHit
from qa.sentences import split_sentences
from qa.support import Checker
from qa.types import Answer, Chunk, Citation, Language, Statement, SupportLabel, Usage, total

_MARKER = re.compile(r"\[(\d{1,3})\]")
_QUOTED = re.compile(r"«[^»]*»|“[^”]*”|\"[^\"]*\"")
_LANGUAGE_SHOWS = 6
"""Words from which it is sure enough which language a text is in."""
_STANDALONE_LONGEST = 400
_ANNOUNCED = re.compile(r"^[^:?]{0,40}\bquestion\b[^:?]{0,20}:\W*", re.IGNORECASE)
"""What a model may put before a question that it was asked to write out."""
_LIST_NUMBER = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•–])\s+")
_ORDER = re.compile(
    r"\b(?:ignore[rz]?|disregard|forget|oublie[rz]?|ne ten(?:ez|ir) (?:pas|plus) compte)\b.{0,40}(?:"
    r"\b(?:your|previous|prior|above|earlier|system|vos|tes)\b.{0,20}\b(?:instructions?|consignes?|prompts?|règles?|rules?)"
    r"|\b(?:instructions?|consignes?|prompts?|règles?|rules?) (?:above|before|précédent|ci-dessus|du système|système))",
    re.IGNORECASE,
)
"""An order to a model in an article: that sentence is not given to one."""

_FALLBACK: dict[str, dict[Language, str]] = {
    "unreachable": {
        "fr": "Le modèle {name} n’a pas pu être joint ({cause}) : voici les phrases de l’article.",
        "en": "The model {name} could not be reached ({cause}): here are the article’s own sentences.",
    },
    "timeout": {
        "fr": "Le modèle {name} n’a pas répondu à temps ({cause}) : voici les phrases de l’article.",
        "en": "The model {name} did not answer in time ({cause}): here are the article’s own sentences.",
    },
    "budget": {
        "fr": "La réponse du modèle {name} dépasse sa limite ({cause}) : voici les phrases de l’article.",
        "en": "The answer of the model {name} went over its limit ({cause}): here are the article’s own sentences.",
    },
    "uncited": {
        "fr": "Le modèle {name} n’a cité aucun passage utilisable : voici les phrases de l’article.",
        "en": "The model {name} cited no passage that can be used: here are the article’s own sentences.",
    },
    "language": {
        "fr": "Le modèle {name} a répondu dans une autre langue : voici les phrases de l’article.",
        "en": "The model {name} answered in another language: here are the article’s own sentences.",
    },
    "unsupported": {
        "fr": "Rien de ce que le modèle {name} a écrit ne repose sur ce qu’il cite : voici les phrases de l’article.",
        "en": "Nothing that the model {name} wrote rests on what it cites: here are the article’s own sentences.",
    },
}


@dataclass(slots=True)
class _Draft:
    """An answer that is being written."""

    text: str = ""
    pending: str = ""
    """What has been written of sentences that are not complete yet."""
    statements: list[Statement] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    gap: str = ""
    """The space behind the last sentence that was kept."""
    not_stated: bool = False
    """Whether the model said, after something else, that there is no answer."""


class Writer:
    """Writes answers with a chat model. Safe in several threads."""

    def __init__(self, model: ChatModel, checker: Checker, *, remove: bool) -> None:
        """`remove`: whether sentences that are not supported are left out, rather than marked."""
        self._model = model
        self._checker = checker
        self._remove = remove

    def stream(
        self,
        candidates: Candidates,
        listed: int,
        extractive: Answer,
        refusal: Answer,
        spent: list[Usage],
        deadline: float,
    ) -> Iterator[Chunk]:
        """The answer piece by piece, its citations and its checked sentences as they come.

        `extractive` is given where the model fails, with a line that says why; `refusal` where it finds no answer.
        What the model took is appended to `spent`, which may hold what it took before.
        """
        language = candidates.query.language
        shown = False
        markers = MarkerReader(range(0))
        try:
            given, prompt = self._prompt(candidates, listed, sum(one.input_tokens + one.output_tokens for one in spent))
            markers = MarkerReader(range(1, len(given) + 1))
            for chunk in self._written(given, prompt, markers, language, refusal, spent, deadline):
                shown = shown or bool(chunk.text)
                yield chunk
        except ChatModelFailed as failure:
            instead = replace(extractive, unknown_markers=markers.unknown, usage=total(spent))
            yield from self._instead(instead, failure, shown)

    def deadline(self) -> float:
        """When an answer begun now must be done, by `time.monotonic()`."""
        return time.monotonic() + self._model.timeout

    def standalone(
        self, question: str, history: Sequence[Answer], language: Language, spent: list[Usage], deadline: float
    ) -> str:
        """A follow-up question written out with the conversation's help. Raises ChatModelFailed."""
        prompts = PROMPTS[language]
        turns = [
            prompts.turn.format(
                question=_quoted(answer.standalone or answer.question), answer=_quoted(_without_markers(answer.text))
            )
            for answer in history
        ]
        while True:  # as many turns, the latest ones, as half of the budget holds
            user = prompts.rewrite_user.format(turns="\n".join(turns), question=question)
            if 2 * self._model.tokens(prompts.rewrite_system, user) <= self._model.budget:
                break
            if not turns:
                raise ChatModelFailed(reason="budget", name=self._model.name, cause=f"{self._model.budget} tokens")
            turns = turns[1:]
        written = without_thinking(self._model.write(prompts.rewrite_system, user, spent, deadline))
        lines = [line.strip(' \t"“”«»*') for line in written.splitlines() if any(map(str.isalnum, line))]
        asked = next((line for line in lines if "?" in line), lines[0] if lines else "")
        asked = _ANNOUNCED.sub("", asked).strip(' "“”«»*')
        if not asked or len(asked) > _STANDALONE_LONGEST or ("?" in question and "?" not in asked):
            raise ChatModelFailed(reason="uncited", name=self._model.name, cause="")
        return asked

    def _instead(self, extractive: Answer, failure: ChatModelFailed, shown: bool) -> Iterator[Chunk]:
        """The article's own sentences, with why; at once where they take the place of what was shown."""
        notice = _FALLBACK[str(failure.details["reason"])][extractive.language].format(**failure.details)
        answer = replace(extractive, notice=f"{extractive.notice} {notice}".strip())
        if shown:
            yield Chunk("", answer, answer.citations)
        else:
            yield from chunks_of(answer)

    def _prompt(self, candidates: Candidates, listed: int, spent: int) -> tuple[list[SentenceHit], tuple[str, str]]:
        """The sentences that the model is given, as many as the budget holds, and the prompt that numbers them."""
        language = candidates.query.language
        prompts = PROMPTS[language]
        for count in range(min(listed, len(candidates.hits)), 0, -1):
            hits = candidates.hits[:count]
            given = sorted(
                (found for found in candidates.sentences if found.hit in hits and not _orders(found, language)),
                key=lambda found: (found.article.id, found.index),
            )
            user = prompts.answer_user.format(passages=_numbered(given, language), question=candidates.query.text)
            if self._model.tokens(prompts.answer_system, user) + self._model.most_written + spent <= self._model.budget:
                return given, (prompts.answer_system, user)
        cause = f"{self._model.budget} tokens"
        raise ChatModelFailed(reason="budget", name=self._model.name, cause=cause)

    def _written(
        self,
        given: Sequence[SentenceHit],
        prompt: tuple[str, str],
        markers: MarkerReader,
        language: Language,
        refusal: Answer,
        spent: list[Usage],
        deadline: float,
    ) -> Iterator[Chunk]:
        draft = _Draft()
        stream = self._model.stream(*prompt, spent, deadline)
        try:
            for piece in _pieces(stream, markers):
                if piece is None:
                    stream.close()
                    yield from chunks_of(replace(refusal, usage=total(spent)))
                    return
                if isinstance(piece, Restart):
                    draft = _Draft()
                    yield Chunk("", restarts=True)
                    continue
                if isinstance(piece, int):
                    if piece > len(draft.citations):
                        draft.citations.append(cite(piece, given[markers.sources[piece - 1] - 1], language, 0.0))
                    piece = f"[{piece}]"
                yield from self._added(draft, piece, language)
        finally:
            stream.close()
        yield from self._added(draft, "", language, last=True)
        supported = [statement for statement in draft.statements if statement.support != "unsupported"]
        if draft.not_stated and not supported:
            yield Chunk("", replace(refusal, usage=total(spent)))
            return
        if not any(statement.citations for statement in draft.statements):
            raise ChatModelFailed(reason="uncited", name=self._model.name, cause="")
        if not supported:
            raise ChatModelFailed(reason="unsupported", name=self._model.name, cause="")
        kept = [statement for statement in draft.statements if statement.start < statement.end]
        scores = {number: statement.score for statement in supported for number in statement.citations}
        shown = {number for statement in kept for number in statement.citations}
        answer = replace(
            refusal,
            text=draft.text,
            refused=False,
            reason=None,
            confidence=fmean(statement.score for statement in kept),
            citations=tuple(replace(c, score=scores.get(c.number, 0.0)) for c in draft.citations if c.number in shown),
            nearest=(),
            written_by=self._model.name,
            statements=tuple(draft.statements),
            unknown_markers=markers.unknown,
            usage=total(spent),
        )
        yield Chunk("", answer, answer.citations, answer.statements)

    def _refuse_other_language(self, text: str, language: Language) -> None:
        """Raises ChatModelFailed where a text, but for what it quotes, is surely not in `language`."""
        own = _QUOTED.sub(" ", _without_markers(text))
        if len(own.split()) < _LANGUAGE_SHOWS and is_latin(own):
            return
        found = detect_language(own, language)
        if found.third or found.language != language:
            raise ChatModelFailed(reason="language", name=self._model.name, cause="")

    def _added(self, draft: _Draft, piece: str, language: Language, *, last: bool = False) -> Iterator[Chunk]:
        """Add a piece to the draft, and check the sentences that are complete with it."""
        draft.pending += piece
        shown = "" if self._remove else piece
        checked = len(draft.statements)
        for sentence in _complete(draft.pending, last):
            draft.pending = draft.pending[len(sentence) :]
            kept = self._checked(draft, sentence)
            shown += kept if self._remove else ""
        if len(draft.statements) > checked:
            self._refuse_other_language(draft.text, language)
        if shown or len(draft.statements) > checked:
            yield Chunk(shown, None, tuple(draft.citations), tuple(draft.statements))

    def _checked(self, draft: _Draft, sentence: str) -> str:
        """Add a complete sentence to the text, checked; what is left of it there."""
        stated = sentence.strip()
        if NOT_STATED in stated.upper().replace(" ", "_"):
            draft.not_stated = True
            return ""
        if not any(character.isalnum() for character in _without_markers(stated)):
            kept = "" if self._remove else sentence
            draft.text += kept
            return kept
        numbers = tuple(dict.fromkeys(int(number) for number in _MARKER.findall(stated)))
        quotes = [draft.citations[number - 1].quote for number in numbers if number <= len(draft.citations)]
        support = self._checker.check(_LIST_NUMBER.sub("", _without_markers(stated)), quotes)
        kept = self._kept(draft, sentence, support.label)
        start = len(draft.text) + len(kept) - len(kept.lstrip())
        draft.text += kept
        end = start + len(kept.strip())
        draft.statements.append(Statement(stated, start, end, numbers, support.label, support.score, support.missing))
        return kept

    def _kept(self, draft: _Draft, sentence: str, label: SupportLabel) -> str:
        """What of a sentence gets into the text; where some are removed, the space behind it comes with the next."""
        if not self._remove:
            return sentence if draft.text else sentence.lstrip()
        if label == "unsupported":
            return ""
        kept = draft.gap + sentence.strip() if draft.text else sentence.strip()
        draft.gap = sentence[len(sentence.rstrip()) :]
        return kept


def _pieces(stream: Iterator[str], markers: MarkerReader) -> Iterator[str | int | Restart | None]:
    """Text and citations; None where the model says that there is no answer."""
    held: list[str | int] | None = []  # as long as it may be the beginning of NOT_STATED
    for text in stream:
        for piece in markers.feed(text):
            if isinstance(piece, Restart):
                held = []
                yield piece
                continue
            if held is None:
                yield piece
                continue
            held.append(piece)
            began = "".join(part if isinstance(part, str) else f"[{part}]" for part in held)
            words = began.strip(" *_`\"'.«»()\n")
            if words.startswith(NOT_STATED):
                yield None
                return
            if not NOT_STATED.startswith(words):
                yield from held
                held = None
    yield from held or ()
    yield from markers.rest()


def _complete(text: str, last: bool) -> Iterator[str]:
    """The sentences of `text` that are complete, each with the markers and the space behind it."""
    blank = _MARKER.sub(lambda marker: " " * len(marker[0]), text)
    sentences = split_sentences(blank)
    ends = [0]
    for sentence, after in pairwise(sentences):
        line = text.find("\n", sentence.end, after.start)
        ends.append(line + 1 if line >= 0 else after.start)  # what begins a line, a number or a dash, is of that line
    for start, end in pairwise(ends):
        yield text[start:end]
    if last and text:
        yield text[ends[-1] :]


def _numbered(given: Sequence[SentenceHit], language: Language) -> str:
    """The sentences with their numbers, passage by passage; their own brackets can't be taken for ours."""
    lines = []
    for number, found in enumerate(given, start=1):
        if number > 1 and (found.hit is not given[number - 2].hit):
            lines.append("")
        lines.append(f"[{number}] {_quoted(found.sentence(language).text)}")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """A text on one line, whose brackets can't be taken for ours."""
    return " ".join(text.split()).translate(str.maketrans("<>[]【】", "‹›()()"))


def _orders(found: SentenceHit, language: Language) -> bool:
    """Whether a sentence tells a model what to do: it is not given to one."""
    return bool(_ORDER.search(found.sentence(language).text))


def _without_markers(text: str) -> str:
    return re.sub(r"\s*\[\d{1,3}\]", "", text)
