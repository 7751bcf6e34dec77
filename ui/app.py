"""The chat page: `build_app` wires it, `start` and `launch` serve it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from qa import Article, Language, Settings, load_articles
from ui.handle import EngineHandle
from ui.headers import SecurityHeaders
from ui.page import POLL, Page
from ui.render import header_html, status_html
from ui.source import source_html
from ui.texts import LANGUAGE_NAMES, TEXTS

_ASSETS = Path(__file__).parent / "assets"
_STYLES = ("page.css", "conversation.css", "source.css")
_SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
_MONO = ("ui-monospace", "Menlo", "Consolas", "monospace")
_PORTS_TRIED = 50


@dataclass(frozen=True, slots=True)
class RunningApp:
    """A page that is being served."""

    url: str
    handle: EngineHandle
    demo: gr.Blocks

    def close(self) -> None:
        """Stop serving, and close the engine."""
        self.demo.close(verbose=False)
        self.handle.close()


def build_app(handle: EngineHandle, articles: Sequence[Article], *, examples: bool = False) -> gr.Blocks:
    """The page about `articles`, answering with the engine of `handle`, which may still be opening.

    `examples` offers questions about the article that comes with Passage.
    """
    page = Page(handle, articles, examples=examples)
    start: Language = "en"
    words = TEXTS[start]
    demo: gr.Blocks
    with gr.Blocks(title="Passage", analytics_enabled=False, fill_height=True, fill_width=True) as demo:
        page.turns = gr.State(())
        stored = gr.BrowserState(None, storage_key="passage-language", secret="passage-language")
        page.timer = gr.Timer(POLL, active=False)  # it starts once the page knows its language
        with gr.Column(elem_id="app"):
            with gr.Row(elem_id="header"):
                page.header = gr.HTML(
                    header_html(None), js_on_load=_asset("header.js"), elem_id="name", apply_default_css=False
                )
                page.status = gr.HTML(status_html(handle.opening, start), elem_id="status", apply_default_css=False)
                choices = [(name, language) for language, name in LANGUAGE_NAMES.items()]
                page.language = gr.Radio(choices, value=start, label=words.language, elem_id="language")
                page.open_source = gr.Button(words.open_source, elem_id="open-source")
                page.new_chat = gr.Button(words.new_chat, elem_id="new-chat")
            with gr.Column(elem_id="chat"):
                page.conversation = gr.HTML(
                    page.draw((), start),
                    html_template='<div class="welcome-place"></div><div role="log" class="log"></div>',
                    js_on_load=_asset("conversation.js"),
                    elem_id="conversation",
                    apply_default_css=False,
                )
                page.alert = gr.HTML(
                    "", html_template='<div role="alert">${value}</div>', elem_id="alert", apply_default_css=False
                )
                with gr.Row(elem_id="composer"):
                    page.question = gr.Textbox(
                        label=words.question, placeholder=words.placeholder, info=words.keys,
                        lines=1, max_lines=6, elem_id="question",
                    )  # fmt: skip
                    page.send = gr.Button(words.send, variant="primary", elem_id="send")
                    page.stop = gr.Button(words.stop, visible=False, elem_id="stop")
            page.source = gr.HTML(
                source_html(page.articles),
                js_on_load=_asset("source.js"),
                elem_id="source-place",
                apply_default_css=False,
            )
        _wire(demo, page, stored)
    return demo


def _wire(demo: gr.Blocks, page: Page, stored: gr.BrowserState) -> None:
    """Tie the events of the page to what they do; none of them is offered as an API."""
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    buttons = [page.send, page.stop, page.open_source, page.new_chat]
    labelled = [page.header, page.conversation, page.question, page.status, page.alert, *buttons]
    answered = [
        page.conversation, page.turns, page.question, page.alert, page.status, page.source, page.send, page.stop,
    ]  # fmt: skip
    halted = [page.turns, page.conversation, page.send, page.stop]
    asking = [
        gr.on(
            [page.question.submit, page.send.click], page.ask, [page.question, page.turns, page.language], answered,
            concurrency_limit=8, concurrency_id="ask", **quiet,
        ),
        page.conversation.click(
            page.choose, [page.turns, page.language], answered, concurrency_limit=8, concurrency_id="ask", **quiet
        ),
    ]  # fmt: skip
    # First what is running is ended, then it is drawn: in one event, Gradio would draw before it cancels.
    for button in (page.stop, page.new_chat):
        button.click(None, cancels=asking, **quiet)
    page.stop.click(page.halt, [page.turns, page.language], halted, **quiet)
    page.new_chat.click(page.clear, page.language, [*halted, page.alert], **quiet)
    page.language.input(page.switch, [page.turns, page.language], [*labelled, page.language], **quiet)
    page.language.input(lambda language: language, page.language, stored, **quiet)
    page.timer.tick(page.tick, page.language, [page.status, page.timer, page.alert], **quiet)
    demo.load(page.load, stored, [*labelled, page.language, page.source, page.timer], **quiet)


def start(settings: Settings, host: str = "127.0.0.1", port: int = 7860, *, open_browser: bool = False) -> RunningApp:
    """Serve the page and begin to load the models; return as soon as the page answers.

    Takes the next free port where `port` is taken. Raises ArticleError where an article can't be read, and OSError
    where no port is free.
    """
    articles = load_articles(settings.sources)
    handle = EngineHandle.of_settings(settings)
    return serve(handle, articles, host, port, examples=not settings.sources, open_browser=open_browser)


def serve(
    handle: EngineHandle,
    articles: Sequence[Article],
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    examples: bool = False,
    open_browser: bool = False,
) -> RunningApp:
    """Serve the page about `articles`, then start `handle`. Raises OSError where no port is free."""
    demo = build_app(handle, articles, examples=examples)
    _keep_off_proxies()
    _, url, _ = demo.launch(
        server_name=host,
        server_port=_free_port(host, port),
        inbrowser=open_browser,
        prevent_thread_lock=True,
        quiet=True,
        share=False,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        max_file_size=1,  # nothing is uploaded here
        theme=gr.themes.Base(font=_SANS, font_mono=_MONO),
        head=f"<style>{''.join(map(_asset, _STYLES))}</style>",  # given as css, Gradio would prefix every selector
        favicon_path=_ASSETS / "favicon.svg",
        app_kwargs={"middleware": [Middleware(SecurityHeaders)], "openapi_url": None},
    )
    handle.start()
    return RunningApp(url, handle, demo)


def launch(
    settings: Settings,
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    language: Language = "en",
    open_browser: bool = False,
    announce: Callable[[str], None] = print,
) -> None:
    """Serve the page until it is interrupted; `announce` is told its address, in `language`. Raises as `start`."""
    running = start(settings, host, port, open_browser=open_browser)
    words = TEXTS[language]
    taken = running.demo.server_port
    if port not in (0, taken):
        announce(words.port_taken.format(port=port, other=taken))
    announce(words.serving.format(url=running.url))
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        running.close()


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _free_port(host: str, port: int) -> int:
    """`port`, or the next one that nothing listens on; any free one for 0. Raises OSError where there is none."""
    for candidate in range(port, min(port + _PORTS_TRIED, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except OSError as error:
                last = error
                continue
            return int(probe.getsockname()[1])
    raise last


def _keep_off_proxies() -> None:
    """Gradio asks its own server whether it is up; a proxy of the environment must not be asked instead."""
    for name in ("no_proxy", "NO_PROXY"):
        hosts = [host for host in os.environ.get(name, "").split(",") if host]
        os.environ[name] = ",".join(dict.fromkeys([*hosts, "127.0.0.1", "localhost"]))
