"""The page in a real browser: real engine, real model, real article."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from browsing import (
    ENGLISH,
    FRENCH,
    NASTY,
    OFF_TOPIC,
    PHONE,
    READY,
    Visit,
    cited_text,
    contrast,
    expect,
    in_browser,
)  # fmt: skip

from qa import Article, Language
from ui.texts import TEXTS


def test_a_question_asked_while_the_model_loads_is_answered_when_it_has(visit: Visit, urls: dict[str, str]) -> None:
    visit.open(urls["seed"])
    expect(visit.page.locator(".status")).to_have_text(re.compile("Loading|Indexing"))
    visit.box.fill(ENGLISH)
    visit.box.press("Enter")
    expect(visit.turns).to_contain_text(TEXTS["en"].waiting)
    visit.ready()
    expect(visit.turns.locator("a.cite").first).to_be_visible()
    expect(visit.page.locator(".status")).to_have_text("Ready")


@pytest.mark.parametrize(
    ("question", "language", "beginning"),
    [(ENGLISH, "en", "And on June 19, the Russian"), (FRENCH, "fr", "La visite a été annoncée")],
)
def test_a_citation_opens_the_exact_passage(
    visit: Visit, urls: dict[str, str], seed: Article, question: str, language: Language, beginning: str
) -> None:
    turn = visit.open(urls["seed"]).ready().ask(question)
    link = turn.locator("a.cite").first
    assert link.inner_text() == "[1]"
    link.click()
    assert visit.highlighted() == cited_text(link, seed)
    assert visit.highlighted().startswith(beginning)
    expect(visit.page.locator(f'.edition[data-edition="{language}"]')).to_be_visible()
    expect(visit.page.locator(".cited").first).to_be_in_viewport()


def test_the_other_edition_stands_beside_the_passage(visit: Visit, urls: dict[str, str]) -> None:
    visit.open(urls["seed"]).ready().ask(ENGLISH).locator("a.cite").first.click()
    card = visit.page.locator(".aligned")
    expect(card).to_contain_text("The same passage in the original")
    original = card.locator(".aligned-text").inner_text()
    assert original.startswith("Et le 19 juin, le président")
    card.get_by_role("button", name="See it in this edition").click()
    assert visit.highlighted() == original
    expect(card).to_contain_text("The same passage in translation")


def test_the_panel_holds_the_article_character_by_character(visit: Visit, urls: dict[str, str], seed: Article) -> None:
    visit.open(urls["seed"])
    for language in seed.editions:
        edition = visit.page.locator(f'.edition[data-edition="{language}"]')
        assert edition.text_content() == seed.text(language)


def test_citations_of_earlier_turns_keep_working(visit: Visit, urls: dict[str, str], seed: Article) -> None:
    first = visit.open(urls["seed"]).ready().ask(ENGLISH)
    second = visit.ask(FRENCH)
    for turn in (second, first):
        link = turn.locator("a.cite").first
        link.click()
        assert visit.highlighted() == cited_text(link, seed)


def test_the_whole_way_goes_by_keyboard(visit: Visit, urls: dict[str, str], seed: Article) -> None:
    visit.open(urls["seed"]).ready()
    keyboard = visit.page.keyboard
    expect(visit.box).to_be_focused()
    keyboard.type("When did Putin")
    keyboard.press("Shift+Enter")
    keyboard.type("arrive in Pyongyang?")
    expect(visit.box).to_have_value("When did Putin\narrive in Pyongyang?")
    keyboard.press("Enter")
    link = visit.turns.locator("a.cite").first
    link.wait_for(timeout=READY)
    for _ in range(12):
        keyboard.press("Shift+Tab")
        if visit.focused("a.cite"):
            break
    link = visit.page.locator("a.cite:focus")
    keyboard.press("Enter")
    assert visit.focused(".cited")
    assert visit.highlighted() == cited_text(visit.page.locator("a.cite.current"), seed)
    keyboard.press("Escape")
    expect(link).to_be_focused()


def test_tab_reaches_every_control_and_leaves_a_visible_ring(visit: Visit, urls: dict[str, str]) -> None:
    visit.open(urls["seed"]).ready()
    visit.page.locator("#language input:checked").focus()
    reached = set()
    for _ in range(14):  # the examples are six
        names, ring = visit.page.evaluate(
            """() => {
                const focused = document.activeElement;
                const ringed = focused.matches("input") ? focused.closest("label") : focused;
                const around = [focused, focused.closest("[id]")].filter(Boolean);
                const names = around.flatMap(each => [each.id, ...each.classList]);
                return [focused === document.body ? [] : names, getComputedStyle(ringed).outlineStyle];
            }"""
        )
        assert ring != "none" or not names, names
        reached.update(names)
        visit.page.keyboard.press("Tab")
    assert reached >= {"language", "new-chat", "example", "question", "send", "choose-edition"}


@in_browser(**PHONE)
def test_on_a_phone_the_article_comes_up_over_the_page(visit: Visit, urls: dict[str, str], seed: Article) -> None:
    turn = visit.open(urls["seed"]).ready().ask(ENGLISH)
    panel = visit.page.locator("#source")
    expect(panel).not_to_be_visible()
    link = turn.locator("a.cite").first
    link.click()
    expect(panel).to_be_visible()
    expect(panel).to_have_role("dialog")
    assert visit.highlighted() == cited_text(link, seed)
    expect(visit.page.locator(".cited").first).to_be_in_viewport()
    visit.page.locator(".close-source").click()
    expect(panel).not_to_be_visible()
    expect(link).to_be_focused()
    link.press("Enter")
    expect(panel).to_be_visible()
    visit.page.keyboard.press("Escape")
    expect(panel).not_to_be_visible()
    visit.page.get_by_role("button", name="Read the article").click()
    expect(panel).to_be_visible()


@in_browser(**PHONE)
def test_nothing_is_wider_than_a_phone(visit: Visit, urls: dict[str, str]) -> None:
    visit.open(urls["seed"]).ready().ask("x" * 300 + " ?")
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 390
    box = visit.box.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390


def test_a_refusal_looks_like_one_and_its_passages_lead_to_the_article(
    visit: Visit, urls: dict[str, str], seed: Article
) -> None:
    turn = visit.open(urls["seed"]).ready().ask(OFF_TOPIC)
    expect(turn.locator(".refusal")).to_contain_text("No answer in the article")
    expect(turn.locator(".answer-text a.cite")).to_have_count(0)
    nearest = turn.locator(".nearest")
    expect(nearest.locator("li").first).not_to_be_visible()
    nearest.get_by_text("not an answer").click()
    link = nearest.get_by_role("link").first
    link.click()
    assert visit.highlighted() == cited_text(link, seed)
    assert visit.highlighted() == nearest.locator("blockquote").first.text_content()


def test_markup_in_a_question_is_shown_as_text(visit: Visit, urls: dict[str, str]) -> None:
    turn = visit.open(urls["seed"]).ready().ask(NASTY)
    assert turn.locator(".question-text").text_content() == NASTY
    assert turn.locator("img, script, .katex, em").count() == 0
    assert visit.page.evaluate("window.hacked") is None


def test_markup_in_an_article_is_shown_as_text(visit: Visit, urls: dict[str, str], harmful: Article) -> None:
    turn = visit.open(urls["several"]).ready().ask("What did the lighthouse keeper of Kermorvan paint green?")
    link = turn.locator("a.cite").first
    link.click()
    assert visit.highlighted() == cited_text(link, harmful)
    assert NASTY in visit.highlighted()
    expect(visit.page.locator(".choose-article")).to_have_value(harmful.id)
    expect(visit.page.locator(".aligned")).not_to_be_visible()  # it has no other edition
    assert visit.page.locator(".turn img, .turn script, #source img, #source script").count() == 0
    assert visit.page.evaluate("window.hacked") is None


def test_several_articles_are_chosen_between(visit: Visit, urls: dict[str, str], harmful: Article) -> None:
    visit.open(urls["several"])
    assert visit.page.locator(".example").count() == 0
    expect(visit.page.locator("#source .article:visible")).to_have_count(1)
    visit.page.locator(".choose-article").select_option(harmful.id)
    expect(visit.page.locator("#source .article:visible .article-title")).to_have_text("The lighthouse of Kermorvan")


@in_browser(locale="fr-FR")
def test_the_page_follows_the_browser_and_can_be_switched(visit: Visit, urls: dict[str, str]) -> None:
    visit.open(urls["seed"]).ready().ask(FRENCH)
    page = visit.page
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.locator("#send")).to_have_text(TEXTS["fr"].send)
    expect(visit.turns).to_contain_text("Confiance")
    page.get_by_text("English", exact=True).first.click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#send")).to_have_text(TEXTS["en"].send)
    expect(visit.box).to_have_attribute("placeholder", TEXTS["en"].placeholder)
    expect(visit.turns).to_contain_text("confidence")
    expect(page.locator(".edition-bar")).to_contain_text("translation")
    page.reload()
    expect(page.locator("#send")).to_have_text(TEXTS["en"].send)  # the choice outlives the page


def test_an_example_is_asked_and_new_chat_clears(visit: Visit, urls: dict[str, str]) -> None:
    visit.open(urls["seed"]).ready()
    visit.page.get_by_role("button", name=TEXTS["fr"].examples[0]).click()
    expect(visit.turns.locator(".answer-text")).to_contain_text("Et le 19 juin", timeout=READY)
    visit.page.get_by_role("button", name="New chat").click()
    expect(visit.turns).to_have_count(0)
    expect(visit.page.locator(".welcome")).to_be_visible()


def test_what_is_open_in_one_turn_stays_open_during_the_next(visit: Visit, urls: dict[str, str]) -> None:
    first = visit.open(urls["seed"]).ready().ask(OFF_TOPIC)
    first.locator(".nearest summary").click()
    visit.ask(ENGLISH)
    expect(first.locator(".nearest li").first).to_be_visible()


@pytest.mark.parametrize("question", ["", "   ", "?!…", "x" * 2001])
def test_a_question_that_cannot_be_answered_stays_in_the_box(visit: Visit, urls: dict[str, str], question: str) -> None:
    visit.open(urls["seed"]).ready()
    visit.box.fill(question)
    visit.page.locator("#send").click()
    expect(visit.page.locator("#alert")).to_contain_text("The question")
    expect(visit.box).to_have_value(question)
    expect(visit.turns).to_have_count(0)
    visit.ask(ENGLISH)
    expect(visit.page.locator(".alert")).to_have_count(0)


def test_an_engine_that_cannot_open_says_why(visit: Visit, urls: dict[str, str]) -> None:
    visit.open(urls["failing"])
    expect(visit.page.locator(".status")).to_have_text(TEXTS["en"].failed)
    expect(visit.page.locator("#alert")).to_contain_text("The embedding model x can't be loaded: <b>y</b>. z")
    visit.page.get_by_text("Français", exact=True).first.click()
    expect(visit.page.locator("#alert")).to_contain_text("Le modèle d’embedding x ne peut pas être chargé")
    visit.box.fill(FRENCH)
    visit.box.press("Enter")
    expect(visit.page.locator("#alert")).to_contain_text("Le modèle d’embedding x")
    expect(visit.box).to_have_value(FRENCH)


def test_the_answer_can_be_copied_with_its_sources(visit: Visit, urls: dict[str, str]) -> None:
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.open(urls["seed"]).ready().ask(ENGLISH).locator(".copy").click()
    expect(visit.page.get_by_text("Copied")).to_be_visible()
    copied = visit.page.evaluate("navigator.clipboard.readText()")
    assert "[1] “And on June 19" in copied


TEXT_ON_GROUND = (
    "#header h1", "#new-chat", "#language label.selected span", "#send", ".question-text", ".answer-text",
    ".answer-text .cite", ".confidence summary", ".copy", ".refusal-title", ".nearest summary", ".nearest blockquote",
    ".article-title", ".address", ".choose-edition small", ".line.body", ".cited", ".aligned-heading", ".aligned-text",
    ".show-there", ".status",
)  # fmt: skip


PAPER, NIGHT = "rgb(255, 253, 248)", "rgb(33, 31, 27)"


@pytest.mark.parametrize(
    ("visit", "query", "ground"),
    [
        ({"color_scheme": "light"}, "", PAPER),
        ({"color_scheme": "dark"}, "", NIGHT),
        ({"color_scheme": "light"}, "?__theme=dark", NIGHT),
    ],
    indirect=["visit"],
    ids=["light", "dark", "dark-by-address"],
)
def test_text_stands_out_from_its_ground(visit: Visit, urls: dict[str, str], query: str, ground: str) -> None:
    visit.open(urls["seed"] + query).ready().ask(ENGLISH).locator("a.cite").first.click()
    visit.ask(OFF_TOPIC).locator(".nearest summary").click()
    dark = visit.page.evaluate("getComputedStyle(document.querySelector('#source')).backgroundColor")
    assert (dark == "rgb(33, 31, 27)") == (
        query != "" or visit.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    )
    visit.page.mouse.move(0, 0)
    visit.page.wait_for_timeout(300)  # until colours have faded in
    weak = {selector: round(contrast(visit.page, selector), 2) for selector in TEXT_ON_GROUND}
    assert not {selector: ratio for selector, ratio in weak.items() if ratio < 4.5}


def test_the_page_is_announced_to_a_screen_reader(visit: Visit, urls: dict[str, str]) -> None:
    turn = visit.open(urls["seed"]).ready().ask(ENGLISH)
    page = visit.page
    expect(page.get_by_role("log", name="Conversation")).to_have_count(1)
    expect(page.get_by_role("textbox", name="Your question")).to_have_count(1)
    expect(page.get_by_role("complementary", name="The article")).to_have_count(1)
    expect(turn).to_have_attribute("aria-busy", "false")
    expect(turn.locator(".answer-text")).to_have_attribute("lang", "en")


def test_a_port_that_is_taken_is_passed_over(urls: dict[str, str]) -> None:
    ports = [urlsplit(url).port or 0 for url in urls.values()]  # all asked for the same one
    assert ports == sorted(set(ports))


def test_no_endpoint_is_offered(visit: Visit, urls: dict[str, str]) -> None:
    response = visit.page.request.get(urls["seed"] + "gradio_api/info")
    assert response.json() == {"named_endpoints": {}, "unnamed_endpoints": {}}
    assert "default-src 'self'" in response.headers["content-security-policy"]
    for path in ("monitoring", "docs", "openapi.json"):
        assert visit.page.request.get(urls["seed"] + path).status in (403, 404), path
    visit.page.goto("about:blank")
