"""What happens on the page: questions asked, languages switched, the loading followed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import gradio as gr

from qa import Article, EmptyQuestion, Engine, Language, QAError
from ui.handle import EngineHandle
from ui.render import Conversation, Turn, alert_html, conversation, header_html, status_html, titles_of
from ui.source import source_html
from ui.texts import TEXTS, as_language, preferred_language

logger = logging.getLogger(__name__)

POLL = 0.3
"""Seconds between two looks at how far the loading is."""

View: TypeAlias = dict[Any, Any]
"""New values by component."""


class Page:
    """What the events of the page do. `build_app` fills in the components, and ties the events to them."""

    conversation: gr.HTML
    turns: gr.State
    question: gr.Textbox
    alert: gr.HTML
    status: gr.HTML
    timer: gr.Timer
    header: gr.HTML
    source: gr.HTML
    language: gr.Radio
    open_source: gr.Button
    new_chat: gr.Button
    send: gr.Button
    stop: gr.Button

    def __init__(self, handle: EngineHandle, articles: Sequence[Article], *, examples: bool) -> None:
        self.handle = handle
        self.articles = tuple(articles)
        self.examples = examples

    def draw(self, turns: Sequence[Turn], language: Language) -> Conversation:
        """The value of the conversation."""
        return conversation(turns, language, titles_of(self.articles, language), examples=self.examples)

    def load(self, stored: object, request: gr.Request) -> View:
        """A page as it is first seen: in the language chosen before, else in the browser's."""
        language = as_language(stored, preferred_language(request.headers.get("accept-language", "")))
        view = self.words((), language)
        view[self.language] = gr.Radio(value=language, label=TEXTS[language].language)
        engine = self.handle.engine
        view[self.source] = source_html(engine.articles if engine else self.articles)
        view[self.timer] = gr.Timer(active=True)
        return view

    def switch(self, turns: tuple[Turn, ...], language: str) -> View:
        """Everything that is on the page, in another language."""
        spoken = as_language(language)
        return {**self.words(turns, spoken), self.language: gr.Radio(label=TEXTS[spoken].language)}

    def words(self, turns: Sequence[Turn], language: Language) -> View:
        """Every component that holds words, in `language`."""
        words = TEXTS[language]
        return {
            self.header: header_html(language),
            self.conversation: self.draw(turns, language),
            self.question: gr.Textbox(label=words.question, placeholder=words.placeholder, info=words.keys),
            self.send: gr.Button(value=words.send),
            self.stop: gr.Button(value=words.stop),
            self.open_source: gr.Button(value=words.open_source),
            self.new_chat: gr.Button(value=words.new_chat),
            self.status: status_html(self.handle.opening, language),
            self.alert: alert_html(self._failure(language)),
        }

    def tick(self, language: str) -> View:
        """How far the loading is; the clock stops when it is over."""
        spoken = as_language(language)
        opening = self.handle.opening
        view: View = {self.status: status_html(opening, spoken)}
        if opening.phase in ("ready", "failed"):
            view[self.timer] = gr.Timer(active=False)
        if opening.phase == "failed":  # else the alert is about a question, and stays
            view[self.alert] = alert_html(self._failure(spoken))
        return view

    def clear(self, language: str) -> View:
        """An empty conversation."""
        drawn = self.draw((), as_language(language))
        return {self.turns: (), self.conversation: drawn, self.alert: "", **self._stoppable(False)}

    def choose(self, turns: tuple[Turn, ...], language: str, event: gr.EventData) -> Iterator[View]:
        """The answer to the example that was pressed."""
        yield from self.ask(str(event.question), turns, language)

    def ask(self, question: str, turns: tuple[Turn, ...], language: str) -> Iterator[View]:
        """The answer piece by piece; where there is none for an error, the question goes back into the box."""
        spoken = as_language(language)
        text = question.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair can't be sent back
        try:
            if not text.strip():
                raise EmptyQuestion(spoken)
            turn = Turn(text, waiting=self.handle.engine is None)
            yield {**self._show(turns, turn, spoken), self.question: "", self.alert: "", **self._stoppable(True)}
            if turn.waiting:
                yield from self._await_engine(spoken)
            turn = replace(turn, waiting=False)
            history = [turn.answer for turn in turns if turn.answer]
            for chunk in self._engine().stream(text, history=history, interface_language=spoken):
                turn = replace(
                    turn,
                    text=chunk.text if chunk.restarts else turn.text + chunk.text,
                    citations=chunk.citations,
                    statements=chunk.statements,
                    standalone=chunk.standalone,
                    answer=chunk.answer,
                )
                yield self._show(turns, turn, spoken)
            yield {**self._stoppable(False), **self._changed_source()}
        except Exception as error:  # whatever it is, the person keeps the question and is told
            if not isinstance(error, QAError):
                logger.exception("the question can't be answered")
            message = error.message(spoken) if isinstance(error, QAError) else TEXTS[spoken].unexpected
            yield {
                self.conversation: self.draw(turns, spoken),
                self.turns: turns,
                **self._stoppable(False),
                self.question: text,
                self.alert: alert_html(message),
                self.status: status_html(self.handle.opening, spoken),
            }

    def halt(self, turns: tuple[Turn, ...], language: str) -> View:
        """What the page shows once a person has stopped an answer: what was written of it."""
        stopped = tuple(turn if turn.answer else replace(turn, stopped=True, waiting=False) for turn in turns)
        drawn = self.draw(stopped, as_language(language))
        return {self.turns: stopped, self.conversation: drawn, **self._stoppable(False)}

    def _show(self, turns: tuple[Turn, ...], turn: Turn, language: Language) -> View:
        return {self.conversation: self.draw((*turns, turn), language), self.turns: (*turns, turn)}

    def _stoppable(self, running: bool) -> View:
        """The button that stops an answer takes the place of the one that sends a question."""
        return {self.send: gr.Button(visible=not running), self.stop: gr.Button(visible=running)}

    def _await_engine(self, language: Language) -> Iterator[View]:
        """Wait for the engine, showing how far it is; one that failed to open is tried again."""
        self.handle.start()
        while self.handle.wait(POLL) is None:
            yield {self.status: status_html(self.handle.opening, language)}
        yield {self.status: status_html(self.handle.opening, language)}

    def _changed_source(self) -> View:
        """The source panel, where the articles are not those that it was drawn with any more."""
        articles = self._engine().articles
        return {} if articles == self.articles else {self.source: source_html(articles)}

    def _engine(self) -> Engine:
        engine = self.handle.wait()
        assert engine is not None  # wait() without a limit gives an engine or raises
        return engine

    def _failure(self, language: Language) -> str:
        error = self.handle.opening.error
        return error.message(language) if error else ""
