"""Pictures of the page for the README: `python tests/screenshots.py`, or `--all FOLDER` for every state of it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from recorded import Conversing

from qa import Engine, Settings, load_articles
from ui.app import RunningApp, serve, start
from ui.handle import EngineHandle

DOCS = Path(__file__).parent.parent / "docs"
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP, PHONE = (1320, 860), (390, 844)

ENGLISH = "When did Putin arrive in Pyongyang?"
FRENCH = "Qu’est-ce que la Corée du Nord fournit à la Russie ?"
ANNOUNCED = "Quand la visite a-t-elle été annoncée ?"
OFF_TOPIC = "What is the recipe for apple pie?"


@dataclass(frozen=True, slots=True)
class Look:
    """The screen and the browser that a picture is taken of."""

    size: tuple[int, int] = DESKTOP
    language: str = "en"
    scheme: str = "light"


def main() -> None:
    """Take the pictures that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="also every other state of the page, into FOLDER")
    folder: Path | None = parser.parse_args().all
    DOCS.mkdir(exist_ok=True)
    app = start(Settings(), port=7900)
    try:
        app.handle.wait()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
            take(browser, app, DOCS / "screenshot.png", questions=(ENGLISH,), cited=True)
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
                take_all(browser, app, folder)
                take_written(browser, folder)
            browser.close()
    finally:
        app.close()


def take_all(browser: Browser, app: RunningApp, folder: Path) -> None:
    """Desktop and phone, both languages, light and dark, each with its welcome, answer, passage and refusal."""
    for size_name, size in (("desktop", DESKTOP), ("phone", PHONE)):
        for language, question in (("en", ENGLISH), ("fr", FRENCH)):
            for scheme in ("light", "dark"):
                name, look = f"{size_name}-{language}-{scheme}", Look(size, language, scheme)
                take(browser, app, folder / f"{name}-welcome.png", look=look)
                take(browser, app, folder / f"{name}-cited.png", look=look, questions=(question,), cited=True)
                take(browser, app, folder / f"{name}-refusal.png", look=look, questions=(question, OFF_TOPIC))


def take_written(browser: Browser, folder: Path) -> None:
    """Answers by a chat model whose replies are recorded, with a follow-up, and one that is being written."""
    settings = Settings(llm="recorded:model")
    handle = EngineHandle(lambda progress: Engine.open(settings, chat_model=Conversing()))
    app = serve(handle, load_articles(()), port=7900, examples=True)
    try:
        handle.wait()
        questions = {"en": ("When was the visit announced?", "And on which day?"), "fr": (ANNOUNCED, "Et quel jour ?")}
        for size_name, size in (("desktop", DESKTOP), ("phone", PHONE)):
            for language, asked in questions.items():
                for scheme in ("light", "dark"):
                    path = folder / f"{size_name}-{language}-{scheme}-written.png"
                    take(browser, app, path, look=Look(size, language, scheme), questions=asked)
            path = folder / f"{size_name}-en-light-writing.png"
            take(browser, app, path, look=Look(size), questions=questions["en"][:1], wait_for="a.cite")
    finally:
        app.close()


def take(
    browser: Browser,
    app: RunningApp,
    path: Path,
    *,
    look: Look | None = None,
    questions: tuple[str, ...] = (),
    cited: bool = False,
    wait_for: str = ".copy",
) -> None:
    """One picture: the questions asked in turn; with `cited`, the first passage opened."""
    with _page(browser, look or Look()) as page:
        page.goto(app.url)
        page.wait_for_selector("html[data-ready]")
        page.wait_for_selector(".status.ready", state="attached")
        for number, question in enumerate(questions, start=1):
            page.fill("#question textarea", question)
            page.keyboard.press("Enter")
            page.wait_for_selector(f".turn:nth-child({number}) {wait_for}")
        if cited:
            page.click(".turn a.cite")
        elif page.locator(".nearest").count():
            page.click(".nearest summary")
        page.wait_for_timeout(900)  # until the panel has scrolled
        page.screenshot(path=path)


@contextmanager
def _page(browser: Browser, look: Look) -> Iterator[Page]:
    width, height = look.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale={"fr": "fr-FR", "en": "en-GB"}[look.language],
        color_scheme="dark" if look.scheme == "dark" else "light",
    )
    yield context.new_page()
    context.close()


if __name__ == "__main__":
    main()
