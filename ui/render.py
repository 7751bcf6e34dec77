"""Turns of the conversation to escaped HTML: pure functions.

Everything that a person, a model or an article wrote passes through `escape`; nothing is read as Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape as escape_html
from typing import TypedDict
from urllib.parse import quote

from qa import Answer, Article, Citation, Language, Statement, short_span
from ui.handle import Opening
from ui.texts import LANGUAGE_NAMES, TEXTS

HIGH_CONFIDENCE = 0.8
MEDIUM_CONFIDENCE = 0.5

_MARKER = re.compile(r"\[(\d{1,3})\]")
_LONGEST_GLUED = 30


@dataclass(frozen=True, slots=True)
class Turn:
    """A question, and as much of its answer as is there."""

    question: str
    text: str = ""
    """What has been written of the answer so far."""
    citations: tuple[Citation, ...] = ()
    """What the markers written so far stand for."""
    statements: tuple[Statement, ...] = ()
    """The sentences that a chat model wrote and that have been checked so far."""
    standalone: str = ""
    """What a follow-up question was understood to ask."""
    answer: Answer | None = None
    """The whole answer, once it is complete."""
    stopped: bool = False
    """Whether the person did not wait for the answer."""
    waiting: bool = False
    """Whether the models are still being loaded."""


class Conversation(TypedDict):
    """What conversation.js draws."""

    label: str
    turns: list[str]
    welcome: str


def escape(text: object) -> str:
    """`text` as HTML that shows it character by character, in an element or a quoted attribute."""
    # A parser turns a bare carriage return into a line feed; as a reference it stays what it is in the file.
    return escape_html(str(text), quote=True).replace("\r", "&#13;")


def anchor(article_id: str, language: Language, start: int, end: int) -> str:
    """The id of a stretch of an article in the source panel."""
    return f"src-{article_id}-{language}-{start}-{end}"


def titles_of(articles: Sequence[Article], language: Language) -> dict[str, str]:
    """The title of each article by its id, in `language` where there is one."""
    return {article.id: article.title.get(language) or article.title[article.original] for article in articles}


def conversation(
    turns: Sequence[Turn], language: Language, titles: Mapping[str, str], *, examples: bool
) -> Conversation:
    """The turns in the words of `language`, and what is shown while there are none."""
    rendered = [turn_html(turn, language, titles) for turn in turns]
    welcome = "" if rendered else welcome_html(language, examples=examples)
    return {"label": TEXTS[language].conversation, "turns": rendered, "welcome": welcome}


def welcome_html(language: Language, *, examples: bool) -> str:
    """The empty state; `examples` are about the article that comes with Passage."""
    words = TEXTS[language]
    parts = [f'<h2 class="welcome-title">{escape(words.welcome)}</h2><p class="welcome-hint">'
             f"{escape(words.welcome_hint)}</p>"]  # fmt: skip
    if examples:
        parts.append(_examples(words.examples_heading, TEXTS[language].examples, language))
        for other, others in TEXTS.items():
            if other != language:
                parts.append(_examples(words.other_examples_heading, others.examples, other))
    return f'<div class="welcome">{"".join(parts)}</div>'


def turn_html(turn: Turn, language: Language, titles: Mapping[str, str]) -> str:
    """A question and its answer, with labels in `language`."""
    words = TEXTS[language]
    asked = (
        f'<h2 class="question"><span class="sr">{escape(words.you_asked)} </span>'
        f'<span class="question-text" dir="auto">{escape(turn.question)}</span></h2>'
    )
    if turn.standalone:
        asked += (
            f'<p class="understood"><span>{escape(words.understood)}</span> '
            f'<q dir="auto">{escape(turn.standalone)}</q></p>'
        )
    if turn.answer is not None:
        body = answer_html(turn.answer, language, titles)
    elif turn.text or turn.stopped:
        written = cited_html(turn.text, turn.citations, language, titles, statements=turn.statements)
        text = f'<p class="answer-text" dir="auto">{written}</p>' if turn.text else ""
        stopped = f'<p class="notice">{escape(words.stopped)}</p>' if turn.stopped else ""
        body = f'<div class="answer{"" if turn.stopped else " streaming"}">{text}{stopped}</div>'
    else:
        doing = words.waiting if turn.waiting else words.searching
        body = f'<div class="answer pending"><p><span class="dots" aria-hidden="true"></span>{escape(doing)}</p></div>'
    return asked + body


def answer_html(answer: Answer, language: Language, titles: Mapping[str, str]) -> str:
    """An answer or a refusal, with labels in `language`."""
    words = TEXTS[language]
    notice = ""
    if answer.notice:
        label = f'<span class="sr">{escape(words.notice)} </span>'
        notice = f'<p class="notice" lang="{answer.language}" dir="auto">{label}{escape(answer.notice)}</p>'
    copy = (
        f'<button type="button" class="copy" data-copy="{escape(answer.to_markdown())}">'
        f'<span class="copy-idle">{escape(words.copy)}</span>'
        f'<span class="copy-done" role="status">{escape(words.copied)}</span></button>'
    )
    if answer.refused:
        return (
            f'<div class="answer refusal">{notice}<h3 class="refusal-title">{escape(words.refusal)}</h3>'
            f'<p class="answer-text" lang="{answer.language}" dir="auto">{escape(answer.text)}</p>'
            f'{nearest_html(answer.nearest, language)}<div class="meta">{copy}</div></div>'
        )
    text = cited_html(
        answer.text, answer.citations, language, titles, short=short_span(answer), statements=answer.statements
    )
    return (
        f'<div class="answer">{notice}<p class="answer-text" lang="{answer.language}" dir="auto">{text}</p>'
        f'{checks_html(answer, language)}<div class="meta">{confidence_html(answer.confidence, language)}'
        f"{writer_html(answer, language)}{copy}</div></div>"
    )


def cited_html(
    text: str,
    citations: Sequence[Citation],
    language: Language,
    titles: Mapping[str, str],
    *,
    short: tuple[int, int] | None = None,
    statements: Sequence[Statement] = (),
) -> str:
    """The text of an answer, or as much as is there: `short` of it in bold, each marker a link to the passage cited.

    Statements that are not supported are struck out, those that are weakly supported underlined.
    """
    words = TEXTS[language]
    numbered = {citation.number: citation for citation in citations}
    markers = list(_markers(text, citations))

    def stretch(begin: int, end: int) -> str:
        first, last = short or (0, 0)
        parts, done = [], begin
        for start, stop, number in markers:
            if begin <= start and stop <= end:
                marker = _cite(numbered[number], language, titles)
                parts.append(_followed(text[done:start], marker, (first - done, last - done)))
                done = stop
        return "".join([*parts, _bold(text[done:end], first - done, last - done)])

    parts, done = [], 0
    for statement in statements:
        if statement.support == "supported" or statement.start == statement.end:
            continue
        parts.append(stretch(done, statement.start))
        inside = stretch(statement.start, statement.end)
        if statement.support == "weak":
            label = f'<span class="sr"> ({escape(words.weak)})</span>'
            parts.append(f'<span class="weak" title="{escape(words.weak_why)}">{inside}{label}</span>')
        else:
            label = f'<span class="sr"> ({escape(words.unsupported)})</span>'
            parts.append(f'<s class="unsupported" title="{escape(words.unsupported_why)}">{inside}</s>{label}')
        done = statement.end
    return "".join([*parts, stretch(done, len(text))])


def checks_html(answer: Answer, language: Language) -> str:
    """The sentences of a chat model that are not supported, or weakly, each with what was found; nothing for others."""
    words = TEXTS[language]
    items = []
    for statement in answer.statements:
        if statement.support == "supported":
            continue
        why = words.weak_why if statement.support == "weak" else words.unsupported_why
        if not statement.citations:
            why = words.uncited
        elif statement.missing:
            why += " " + words.absent.format(words=", ".join(statement.missing))
        label = words.weak if statement.support == "weak" else words.unsupported
        if statement.start == statement.end:
            label += f", {words.removed}"
        items.append(
            f'<li><strong class="{statement.support}-label">{escape(label)}</strong> '
            f'<q dir="auto">{escape(statement.text)}</q> {escape(why)}</li>'
        )
    if answer.unknown_markers:
        items.append(f"<li>{escape(words.unknown_markers.format(count=answer.unknown_markers))}</li>")
    if not items:
        return ""
    return f'<details class="checks" open><summary>{escape(words.checks)}</summary><ul>{"".join(items)}</ul></details>'


def writer_html(answer: Answer, language: Language) -> str:
    """Which chat model wrote an answer, how many of its sentences are supported, and what it took."""
    if not answer.written_by:
        return ""
    words = TEXTS[language]
    count = len(answer.statements)
    supported = sum(statement.support == "supported" for statement in answer.statements)
    checked = words.all_supported if supported == count else words.some_supported
    parts = [words.written_by.format(model=answer.written_by), checked.format(supported=supported, count=count)]
    if answer.usage:
        parts.append(words.usage.format(input=answer.usage.input_tokens, output=answer.usage.output_tokens))
    return f'<span class="writer">{" · ".join(map(escape, parts))}</span>'


def confidence_html(confidence: float, language: Language) -> str:
    """The confidence in words, with what they mean behind a disclosure."""
    words = TEXTS[language]
    if confidence >= HIGH_CONFIDENCE:
        level, label, why = "high", words.confidence_high, words.confidence_high_why
    elif confidence >= MEDIUM_CONFIDENCE:
        level, label, why = "medium", words.confidence_medium, words.confidence_medium_why
    else:
        level, label, why = "low", words.confidence_low, words.confidence_low_why
    return (
        f'<details class="confidence {level}"><summary title="{escape(why)}">'
        f'<span class="meter" aria-hidden="true"></span>{escape(label)}</summary>'
        f'<p class="confidence-why">{escape(why)}</p></details>'
    )


def nearest_html(nearest: Sequence[Citation], language: Language) -> str:
    """The nearest sentences of a refusal, said not to be an answer; nothing where there are none."""
    if not nearest:
        return ""
    words = TEXTS[language]
    items = []
    for number, citation in enumerate(nearest, start=1):
        target = anchor(quote(citation.article_id), citation.language, citation.start, citation.end)
        items.append(
            f'<li><blockquote lang="{citation.language}" dir="auto">{escape(citation.quote)}</blockquote>'
            f'<a class="cite near" href="#{escape(target)}" '
            f'aria-label="{escape(words.nearest_open_title.format(number=number))}">{escape(words.nearest_open)}</a></li>'
        )
    return (
        f'<details class="nearest"><summary>{escape(words.nearest)}</summary>'
        f'<p class="nearest-why">{escape(words.nearest_why)}</p><ol>{"".join(items)}</ol></details>'
    )


def header_html(language: Language | None) -> str:
    """The name of the page; header.js reads the language off it, and shows the page once there is one."""
    return f'<h1 data-language="{language or ""}">Passage</h1>'


def status_html(opening: Opening, language: Language) -> str:
    """How far the loading of the models has come, in a few words."""
    words = TEXTS[language]
    text = {
        "loading": words.loading,
        "indexing": words.indexing.format(done=opening.done, total=opening.total),
        "ready": words.ready,
        "failed": words.failed,
    }[opening.phase]
    dot = '<span class="dot" aria-hidden="true"></span>'
    return f'<p class="status {opening.phase}" role="status">{dot}{escape(text)}</p>'


def alert_html(message: str) -> str:
    """An error above the question box; nothing where there is no message."""
    return f'<p class="alert" dir="auto">{escape(message)}</p>' if message else ""


def _examples(heading: str, questions: Sequence[str], language: Language) -> str:
    buttons = "".join(
        f'<li><button type="button" class="example" lang="{language}" data-question="{escape(question)}">'
        f"{escape(question)}</button></li>"
        for question in questions
    )
    return (
        f'<section class="examples"><h3>{escape(heading)} <span class="sr">({LANGUAGE_NAMES[language]})</span></h3>'
        f"<ul>{buttons}</ul></section>"
    )


def _followed(text: str, marker: str, short: tuple[int, int] = (0, 0)) -> str:
    """`text` escaped, `short` of it in bold, its last word kept on one line with the marker after it."""
    first, last = short
    cut = text.rstrip().rfind(" ") + 1
    if len(text) - cut > _LONGEST_GLUED:
        return _bold(text, first, last) + marker
    # A short answer that reaches into the last word is two elements: one across the edge of the span can't be.
    glued = _bold(text[cut:], first - cut, last - cut)
    return f'{_bold(text[:cut], first, last)}<span class="glued">{glued}{marker}</span>'


def _bold(text: str, first: int, last: int) -> str:
    """`text` escaped, in bold what of it lies between two characters, which may stand outside it."""
    first, last = max(first, 0), max(last, 0)
    if not text[first:last]:
        return escape(text)
    return f'{escape(text[:first])}<strong class="short">{escape(text[first:last])}</strong>{escape(text[last:])}'


def _cite(citation: Citation, language: Language, titles: Mapping[str, str]) -> str:
    target = anchor(quote(citation.article_id), citation.language, citation.start, citation.end)
    title = titles.get(citation.article_id, citation.article_id)
    described = TEXTS[language].cite.format(number=citation.number, title=title)
    return f'<a class="cite" href="#{escape(target)}" title="{escape(described)}">[{citation.number}]</a>'


def _markers(text: str, citations: Sequence[Citation]) -> Iterator[tuple[int, int, int]]:
    """Start, end and number of each marker that cites; an article's own “[1]”, inside a quote, is not one."""
    known = {citation.number for citation in citations}
    quoted: list[tuple[int, int]] = []
    seen = 0
    for citation in sorted(citations, key=lambda citation: citation.number):
        start = text.find(citation.quote, seen)
        if start >= 0:
            seen = start + len(citation.quote)
            quoted.append((start, seen))
    for marker in _MARKER.finditer(text):
        inside = any(start <= marker.start() < end for start, end in quoted)
        if int(marker[1]) in known and not inside:
            yield marker.start(), marker.end(), int(marker[1])
