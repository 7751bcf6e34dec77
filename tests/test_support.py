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


@pytest.mark.parametrize("split", ["dev", "test"])
def test_few_unsupported_pairs_are_called_supported_and_few_supported_ones_unsupported(checker, split):
    found = [(row["label"] == "supported", checker.check(row["claim"], cited).label) for row, cited, _ in pairs(split)]
    supported = [label for right, label in found if right]
    unsupported = [label for right, label in found if not right]
    assert unsupported.count("supported") <= 0.2 * len(unsupported)
    assert supported.count("unsupported") <= 0.15 * len(supported)
    assert unsupported.count("unsupported") >= 0.5 * len(unsupported)
    assert supported.count("supported") >= 0.4 * len(supported)


@pytest.mark.parametrize(
    ("sentence", "label"),
    [
        ("The visit was announced on Monday, June 17.", "supported"),  # a clause left out
        ("The visit was announced at the last minute.", "supported"),
        ("The two countries have signed military agreements.", "not"),  # "denied" left out
        ("The arbitration takes place in Lisbon, in the south.", "not"),  # words joined across a clause
        ("Putin arrived in Pyongyang on June 19.", "not"),
        ("Le déficit a atteint 5 % du PIB.", "not"),  # a decimal comma separates no clauses
        ("Moscow has sent weapons to Pyongyang.", "not"),  # what says whose word it is left out before it
        ("The leaders signed the treaty.", "not"),  # what follows belongs to it
    ],
)
def test_a_passages_own_words_support_a_sentence_unless_what_is_left_out_turns_it_round(checker, sentence, label):
    passages = [
        "The visit was announced at the last minute, on Monday, June 17.",
        "The two countries have denied that they have signed military agreements.",
        "The arbitration takes place in The Hague, which Lisbon, in the south, accepts.",
        "Putin arrived in Pyongyang, Kim left Moscow on June 19.",
        "Le déficit a atteint 3,5 % du PIB.",
        "Seoul claims Moscow has sent weapons to Pyongyang.",
        "The leaders signed the treaty in a dream of the poet.",
    ]
    found = checker.check(sentence, [next(p for p in passages if sentence[:8] in p)])
    assert (found.score == 1.0) == (label == "supported")


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        (
            "The visit was announced on Monday, June 17.",
            "La visite a été annoncée à la dernière minute, le lundi 17 juin.",
        ),
        ("Poutine est arrivé à Pyongyang le 19 juin.", "On June 19, president Vladimir Putin arrived in Pyongyang."),
    ],
)
def test_support_is_found_across_languages_and_a_changed_number_is_not_supported(checker, claim, passage):
    right = checker.check(claim, [passage])
    assert right.label != "unsupported"
    changed = claim.replace("17", "23").replace("19", "29")
    wrong = checker.check(changed, [passage])
    assert wrong.score < right.score
    assert wrong.missing


@pytest.mark.parametrize("passage", ["https://example.org/report", "17,5 %", "x" * 5000, "Mot. " * 400])
def test_a_passage_that_is_no_sentence_or_a_very_long_one_is_read(checker, passage):
    assert checker.check("The report says so clearly.", [passage]).label != "supported"


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
