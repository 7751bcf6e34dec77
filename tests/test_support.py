"""Checking sentences against what they cite: the labelled pairs, and single properties."""

from __future__ import annotations

import json

import pytest
from conftest import ROOT

from qa import Checker, load_articles
from qa.passages import make_passage


@pytest.fixture(scope="module")
def checker(embedder):
    return Checker(embedder=embedder)


def pairs(split):
    (article,) = load_articles(())
    places = {sentence.text: sentence.index for sentence in article.editions["fr"].sentences}
    lines = (ROOT / "eval" / "sets" / "support.jsonl").read_text(encoding="utf-8").splitlines()
    for row in map(json.loads, lines):
        if row["split"] == split:
            for edition in article.editions.values():
                yield row, [edition.sentences[places[text]].text for text in row["cited"]], edition.language


def test_the_set_is_large_enough_balanced_and_quotes_the_article():
    rows = [(row, language) for split in ("dev", "test") for row, _, language in pairs(split)]
    ids = {row["pair_id"] for row, _ in rows}
    assert len(ids) >= 200
    for split in ("dev", "test"):
        for spoken in ("fr", "en"):
            labels = {row["label"] for row, _ in rows if (row["split"], row["language"]) == (split, spoken)}
            assert labels == {"supported", "contradicted", "made_up", "wrong_passage"}
    groups = {split: {row["group"] for row, _ in rows if row["split"] == split} for split in ("dev", "test")}
    assert not groups["dev"] & groups["test"]


def test_most_unsupported_pairs_of_the_dev_split_are_caught(checker):
    found = [(row["label"] == "supported", checker.check(row["claim"], cited).label) for row, cited, _ in pairs("dev")]
    caught = [label != "supported" for supported, label in found if not supported]
    alarms = [label != "supported" for supported, label in found if supported]
    assert sum(caught) >= 0.8 * len(caught)
    assert sum(alarms) <= 0.45 * len(alarms)


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        (
            "The visit was announced on Monday, June 17.",
            "La visite a été annoncée à la dernière minute, le lundi 17 juin.",
        ),
        ("Poutine est arrivé à Pyongyang le 19 juin.", "On June 19, president Vladimir Putin arrived in Pyongyang."),
        ("Moscow gave Kim a limousine.", "Kim rode in a limousine that Moscow had given him as a gift."),
    ],
)
def test_support_is_found_across_languages_and_a_changed_number_is_not_supported(checker, claim, passage):
    right = checker.check(claim, [passage])
    assert right.label != "unsupported"
    changed = claim.replace("17", "23").replace("19", "29").replace("a limousine", "12 horses")
    wrong = checker.check(changed, [passage])
    assert wrong.score < right.score
    assert wrong.missing


def test_without_a_passage_nothing_is_supported(checker):
    assert checker.check("Putin came.", []).label == "unsupported"
    assert checker.check("Putin came.", [" "]).label == "unsupported"
    assert checker.check("…", ["Putin came."]).label == "unsupported"


def test_a_passage_of_an_article_is_read_like_its_text(checker, engine):
    (article,) = engine.articles
    passage = make_passage(article.id, article.editions["en"], (20,))
    assert checker.check("Putin came.", [passage]) == checker.check("Putin came.", [passage.text])


def test_a_checker_can_be_made_without_arguments():
    assert Checker().check("La visite a été annoncée le 17 juin.", ["La visite a été annoncée le 17 juin."]).score > 0.5
