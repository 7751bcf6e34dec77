"""A browser, the pages that it visits, and a person's visit: what tests of the page in a real browser share."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from qa import Article, load_article, load_articles

REQUIRED = os.environ.get("PASSAGE_REQUIRE_BROWSER") == "1"
CHROMIUM = Path("/usr/bin/chromium")

MISSING = "" if CHROMIUM.exists() else f"there is no browser at {CHROMIUM}: apt-get install chromium"
try:
    from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
except ImportError:
    MISSING = "playwright is not installed: pip install passage-qa[test]"
    expect = sync_playwright = None

OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
READY = 120_000
ENGLISH = "When did Putin arrive in Pyongyang?"
FRENCH = "Quand la visite a-t-elle été annoncée ?"
OFF_TOPIC = "What is the recipe for apple pie?"
NASTY = (
    "<script>window.hacked = 1</script> <img src=http://evil.example/x.png> ![x](http://evil.example/y.png) $$x$$ 2*3*4"
)

# Four pages served by one process with one model: one whose engine can't be opened; one about several articles, of
# which one is out to do harm; and two about the article that comes with Passage, the second with a chat model, whose
# replies are recorded. Each answers before its models load.
SERVER = """
import sys, threading
from pathlib import Path
from qa import Engine, Settings, SentenceTransformerEmbeddings, load_articles
from qa.errors import ModelNotFound
from recorded import Conversing
from ui.app import serve
from ui.handle import EngineHandle

data, *sources = map(Path, sys.argv[1:])
seed, several = Settings(data_dir=data / "seed"), Settings(data_dir=data / "several", sources=tuple(sources))
written = Settings(data_dir=data / "seed", llm="recorded:model")
lock, embedders = threading.Lock(), []

def opener(settings, model=None):
    def open_engine(progress):
        with lock:
            if not embedders:
                embedders.append(SentenceTransformerEmbeddings(settings))
        return Engine.open(settings, embedder=embedders[0], progress=progress, chat_model=model)
    return EngineHandle(open_engine)

def fail(progress):
    raise ModelNotFound(name="x", cause="<b>y</b>", advice="z")

apps = [
    serve(EngineHandle(fail), load_articles(()), port=8101),
    serve(opener(several), load_articles(sources), port=8101),
    serve(opener(seed), load_articles(()), port=8101, examples=True),
    serve(opener(written, Conversing()), load_articles(()), port=8101, examples=True),
]
print(*(app.url for app in apps), flush=True)
threading.Event().wait()
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one module only: while Playwright is running, no other test could run an event loop of its own."""
    if MISSING and not REQUIRED:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def harmful(tmp_path_factory: pytest.TempPathFactory) -> Article:
    """An article in English only, whose text tries to be more than text."""
    file = tmp_path_factory.mktemp("articles") / "l'été 100%.txt"
    text = (
        f"The lighthouse of Kermorvan\nThe lighthouse keeper {NASTY} ${{alert(1)}} {{{{x}}}} painted the door green.\n"
    )
    file.write_text(text, encoding="utf-8")
    return load_article(file)


@pytest.fixture(scope="module")
def urls(browser: Browser, harmful: Article, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The addresses of the pages, as soon as they answer: the models may still be loading."""
    other = tmp_path_factory.mktemp("articles") / "other.txt"
    other.write_text("The bakery of Conquet\nThe bakery opens at six in the morning.\n", encoding="utf-8")
    arguments = [tmp_path_factory.mktemp("data"), other, harmful.path]
    root = Path(__file__).parent.parent
    path = os.pathsep.join([str(root), str(root / "tests")])
    environment = {**os.environ, "PYTHONPATH": path, "GRADIO_TEMP_DIR": str(tmp_path_factory.mktemp("gradio"))}
    command = [sys.executable, "-c", SERVER, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout is not None
        line = server.stdout.readline().split()
        yield dict(zip(("failing", "several", "seed", "written"), line, strict=True))
        server.terminate()


class Visit:
    """A person's visit to a page: what they see, and what the browser did behind it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname or "data"))

    @property
    def box(self) -> Locator:
        return self.page.locator("#question textarea")

    @property
    def turns(self) -> Locator:
        return self.page.locator(".turn")

    def open(self, url: str) -> Visit:
        self.page.goto(url)
        self.page.wait_for_selector("html[data-ready]")
        return self

    def ready(self) -> Visit:
        self.page.wait_for_selector(".status.ready, .status.failed", state="attached", timeout=READY)
        assert self.page.locator(".status.ready").count(), self.page.locator("#alert").inner_text()
        return self

    def ask(self, question: str) -> Locator:
        """The turn of the question, answered."""
        number = self.turns.count()
        self.box.fill(question)
        self.box.press("Enter")
        turn = self.turns.nth(number)
        turn.locator(".copy").wait_for(timeout=READY)
        return turn

    def highlighted(self) -> str:
        """The text that is highlighted in the panel."""
        return "".join(self.page.locator(".cited").evaluate_all("all => all.map(each => each.textContent)"))

    def focused(self, selector: str) -> bool:
        return bool(self.page.evaluate("selector => document.activeElement.matches(selector)", selector))


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A visit with a fresh browser profile; a test's parameter says what browser, in Playwright's words."""
    options = {"locale": "en-GB", "viewport": {"width": 1280, "height": 800}, **getattr(request, "param", {})}
    context = browser.new_context(**options)
    visit = Visit(context.new_page())
    yield visit
    context.close()
    assert not visit.complaints
    assert visit.hosts <= {"127.0.0.1", "localhost", "data"}


def in_browser(**options: object) -> pytest.MarkDecorator:
    """The test's visit is made with these options of Playwright."""
    return pytest.mark.parametrize("visit", [options], indirect=True, ids=["-".join(map(str, options))])


PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def cited_text(link: Locator, article: Article) -> str:
    """What the link's address says that it cites, read from the article's own file."""
    href = link.get_attribute("href") or ""
    language, start, end = re.findall(r"-(fr|en)-(\d+)-(\d+)$", href)[0]
    return article.text(language)[int(start) : int(end)]


@pytest.fixture(scope="module")
def seed() -> Article:
    return load_articles(())[0]


def contrast(page: Page, selector: str) -> float:
    """The contrast ratio of an element's text to its ground, after WCAG 2.2: from 1 to 21."""
    return float(
        page.locator(selector).first.evaluate(
            """element => {
                const rgba = colour => colour.match(/[\\d.]+/g).map(Number);
                const luminance = ([r, g, b]) => [r, g, b].map(v => v / 255)
                    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
                let ground = element;
                while (ground.parentElement && rgba(getComputedStyle(ground).backgroundColor)[3] === 0) {
                    ground = ground.parentElement;
                }
                const pair = [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor];
                const [low, high] = pair.map(rgba).map(luminance).sort((a, b) => a - b);
                return (high + 0.05) / (low + 0.05);
            }"""
        )
    )
