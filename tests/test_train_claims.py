"""What the checker is trained on: claims with what they cite, changed sentences, answers right and wrong."""

from __future__ import annotations

import itertools
import random

import pytest
import torch
from test_train import WRITTEN

from eval.train.claims import Claim, DrawClaims, changed, prefixed, read_claims, shortened
from eval.train.examples import Item, Text, Tokens
from eval.train.train import batch_of, batches, checked
from qa import Settings
from qa.bundled_model import unpack_bundled_model

SENTENCES = [[10, 11], [20, 21], [30, 31], [40, 41]]


@pytest.fixture(scope="module")
def tokens():
    return Tokens(unpack_bundled_model(Settings().cache_dir) / "tokenizer.json")


def windows_of(tokens, drawn, items=(), count=40, **shares):
    return list(itertools.islice(DrawClaims(drawn, items, tokens, shares).windows(1), count))


def test_a_claim_is_read_with_what_it_rests_on_and_unsupported_without(tokens):
    claim = Claim("claims", [("fr", "Le pont est fermé.")], [("fr", SENTENCES)], (1, 3), True)
    drawn = windows_of(tokens, [claim], claims=1.0)
    assert {window.gold[0] for window in drawn} == {0.0, 1.0}
    for window in drawn:
        rests_on = [sentence in window.sentences for sentence in (SENTENCES[1], SENTENCES[3])]
        assert all(rests_on) if window.gold[0] else not any(rests_on)
        assert window.sentences == sorted(window.sentences)  # in the article's order


def test_a_wrong_claim_is_never_supported(tokens):
    claim = Claim("claims-wrong", [("fr", "Le pont est ouvert.")], [("fr", SENTENCES)], (1,), False)
    assert {window.gold[0] for window in windows_of(tokens, [claim], **{"claims-wrong": 1.0})} == {0.0}


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("fr", "Le maire Jean Dupont a refusé en 2011 les 24 ponts."),
        ("en", "The mayor Jane Doe has refused 24 bridges in 2011."),
        ("fr", "Le pont est fermé."),
        ("en", "The bridge is closed."),
    ],
)
def test_one_thing_is_changed_in_a_sentence(language, sentence):
    names = ["Odile Ferrand"]
    made = {changed(sentence, language, names, random.Random(seed)) for seed in range(30)}
    assert None not in made
    assert sentence not in made
    for other in made:
        assert abs(len(other.split()) - len(sentence.split())) <= 2


def test_a_sentence_in_which_nothing_can_be_changed_is_left_out():
    assert changed("Bonjour !", "fr", [], random.Random(0)) is None


@pytest.mark.parametrize(
    ("sentence", "short"),
    [
        (
            "The minister, Jane Doe, opened the new bridge in Norvik, which cost 4 million.",
            {"The minister opened the new bridge in Norvik, which cost 4 million.",
             "The minister, Jane Doe, opened the new bridge in Norvik."},
        ),
        ("Le pont de Norvik sera fermé dès lundi, selon la maire de la ville.", {None}),  # then it is not certain
        ("The mayor of the town will close the bridge, but only at night.", {None}),
        ("The bridge is closed.", {None}),
    ],
)  # fmt: skip
def test_a_clause_is_left_out_where_the_rest_still_holds(sentence, short):
    assert {shortened(sentence, random.Random(seed)) for seed in range(20)} == short


def test_a_sentence_is_put_into_an_answer():
    assert prefixed("The bridge is closed.", "Yes, ") == "Yes, the bridge is closed."
    assert prefixed("Odile est élue.", "L’article indique que ") == "L’article indique qu’Odile est élue."


def test_a_wrong_claim_follows_the_right_one_in_its_batch(tokens):
    beside = [[("fr", "Le pont est ouvert.")], [("fr", "Le pont est long.")]]
    claim = Claim("claims-both", [("fr", "Le pont est fermé.")], [("fr", SENTENCES)], (1,), True, beside=beside)
    drawn = DrawClaims([claim], [], tokens, {"claims-both": 1.0}).windows(0)
    for windows in itertools.islice(batches(drawn, 200), 10):
        batch = batch_of(windows)
        assert len(batch["right"])
        for row in batch["right"].tolist():
            assert batch["gold"][[row, row + 1], 0].tolist() == [1.0, 0.0]
            assert windows[row].sentences == windows[row + 1].sentences


def test_an_answer_supports_its_own_question_and_no_other(tokens):
    sentences = [tokens("Odile Ferrand est la maire.")[0], tokens("Le pont mesure 40 mètres.")[0]]
    mayor = Item(
        "a", "squad", [("fr", "Qui est la maire ?")], [Text("fr", sentences, frozenset({0}), frozenset(), (0, 0, 1))]
    )
    length = Item(
        "b",
        "squad",
        [("fr", "Combien mesure le pont ?")],
        [Text("fr", sentences, frozenset({1}), frozenset(), (1, 2, 3))],
    )
    mayor.others = length.others = [mayor, length]
    right = windows_of(tokens, [], [mayor, length], answers=1.0)
    wrong = windows_of(tokens, [], [mayor, length], **{"answers-wrong": 1.0})
    assert {window.gold[0] for window in right} == {1.0}
    assert {window.gold[0] for window in wrong} == {0.0}
    assert not {tuple(window.question) for window in right} & {tuple(window.question) for window in wrong}


def test_written_articles_give_claims_of_every_kind(tokens):
    claims = read_claims([path for path in WRITTEN if path.stem == "leaders"], tokens)
    assert {claim.source for claim in claims} == {
        "claims", "claims-both", "claims-changed", "claims-wrong", "sentences", "sentences-changed", "sentences-short",
        "facts", "facts-wrong",
    }  # fmt: skip
    for claim in claims:
        assert all(max(claim.cited) < len(sentences) for _, sentences in claim.articles)


def test_the_least_supported_token_of_a_claim_decides():
    scores = torch.tensor([[[1.0, 9.0], [0.0, 3.0], [0.0, -4.0], [0.0, -9.0]]])
    claim = torch.tensor([[False, True, True, False]])
    # 1 - log(e⁻³ + e⁴) = 1 - 4.0009
    assert checked(scores, claim).tolist() == pytest.approx([-3.0009], abs=1e-3)
