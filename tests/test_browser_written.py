"""The page in a real browser where a chat model writes: what streams in, what is marked, what is stopped."""

from __future__ import annotations

from browsing import PHONE, READY, Visit, cited_text, contrast, expect, in_browser

from qa import Article
from ui.texts import TEXTS

ASKED = "When was the visit announced?"
MARKED = (".answer-text s", ".checks summary", ".checks li", ".unsupported-label", ".checks q", ".writer")


def begin(visit: Visit, url: str) -> None:
    """Ask, and see the first citation of an answer that is still being written."""
    visit.open(url).ready()
    visit.box.fill(ASKED)
    visit.box.press("Enter")
    visit.turns.locator("a.cite").first.wait_for(timeout=READY)
    expect(visit.page.locator("#stop")).to_be_visible()


def test_a_citation_opens_while_the_answer_is_still_being_written(
    visit: Visit, urls: dict[str, str], seed: Article
) -> None:
    begin(visit, urls["written"])
    link = visit.turns.locator("a.cite").first
    link.click()
    assert visit.highlighted() == cited_text(link, seed)
    expect(visit.turns.locator(".copy")).to_be_visible(timeout=READY)


def test_what_is_not_supported_is_struck_out_and_told(visit: Visit, urls: dict[str, str]) -> None:
    turn = visit.open(urls["written"]).ready().ask(ASKED)
    expect(turn.locator(".answer-text s")).to_have_text(
        ["Emmanuel Macron had prepared it in Paris in 2011 [1].", "Everybody was surprised by it."]
    )
    expect(turn.locator(".checks li")).to_have_count(3)  # the made-up one, the uncited one, the number nobody gave
    expect(turn.locator(".checks")).to_contain_text("2011")
    expect(turn.locator(".writer")).to_contain_text("recorded:model")
    assert "99" not in turn.locator(".answer-text").inner_text()
    weak = {selector: round(contrast(visit.page, selector), 2) for selector in MARKED}
    assert not {selector: ratio for selector, ratio in weak.items() if ratio < 4.5}


def test_an_answer_can_be_stopped_and_the_next_asked(visit: Visit, urls: dict[str, str]) -> None:
    begin(visit, urls["written"])
    visit.page.locator("#stop").click()
    expect(visit.turns).to_contain_text(TEXTS["en"].stopped)
    expect(visit.page.locator("#send")).to_be_visible()
    text = visit.turns.locator(".answer-text").inner_text()
    assert "surprised" not in text
    visit.page.wait_for_timeout(1500)
    assert visit.turns.locator(".answer-text").inner_text() == text  # nothing is written any more
    assert "surprised" in visit.ask(ASKED).inner_text()


def test_a_new_chat_ends_what_is_being_written(visit: Visit, urls: dict[str, str]) -> None:
    begin(visit, urls["written"])
    visit.page.locator("#new-chat").click()
    expect(visit.page.locator(".welcome")).to_be_visible()
    visit.page.wait_for_timeout(1500)
    expect(visit.turns).to_have_count(0)
    expect(visit.page.locator("#send")).to_be_visible()


@in_browser(**PHONE, locale="fr-FR")
def test_on_a_phone_in_french_a_follow_up_is_shown_as_it_was_understood(visit: Visit, urls: dict[str, str]) -> None:
    visit.open(urls["written"]).ready().ask("Quand la visite a-t-elle été annoncée ?")
    expect(visit.page.locator(".status")).to_have_text(TEXTS["fr"].ready)
    turn = visit.ask("Et quel jour ?")
    expect(turn).to_contain_text("Quand la visite a-t-elle été annoncée ?")
    expect(turn.locator(".checks")).to_contain_text(TEXTS["fr"].unsupported)
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 390
