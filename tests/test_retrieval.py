from __future__ import annotations

import pytest

from qa import Engine, Settings
from qa.retrieval import Background

PAIRS = {
    "fr": "Quand la visite a-t-elle été annoncée ?",
    "en": "When was the visit announced?",
}


@pytest.fixture(scope="module")
def single(tmp_path_factory, embedder):
    """An engine over one edition only, in either language."""
    from qa.articles import default_sources

    engines = {}
    for language in ("fr", "en"):
        folder = tmp_path_factory.mktemp(language)
        source = folder / f"article-{language}.txt"
        source.write_bytes((default_sources()[0] / f"{language}.txt").read_bytes())
        engines[language] = Engine.open(Settings(sources=source, data_dir=folder / "data"), embedder=embedder)
    yield engines
    for engine in engines.values():
        engine.close()


@pytest.mark.parametrize("article", ["fr", "en"])
@pytest.mark.parametrize("asked", ["fr", "en"])
def test_a_question_finds_the_passage_in_either_language(single, asked, article):
    best = single[article].retrieve(PAIRS[asked])[0].passage
    assert best.language == article
    assert {"fr": "lundi 17 juin", "en": "Monday, June 17"}[article] in best.text


@pytest.mark.parametrize("asked", ["fr", "en"])
def test_with_both_editions_passages_come_in_the_questions_language(engine, asked):
    hits = engine.retrieve(PAIRS[asked])
    assert {hit.passage.language for hit in hits} == {asked}


def test_scores_fall_and_no_passage_comes_twice(engine):
    hits = engine.retrieve("Qui Poutine a-t-il rencontré ?", top_k=11)
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert len({hit.passage.id for hit in hits}) == len(hits) == 11


def test_unrelated_questions_do_not_stand_out(engine):
    related = engine.retrieve(PAIRS["fr"])[0].deviation
    unrelated = engine.retrieve("Comment faire une pâte à crêpes ?")[0].deviation
    assert related > 4 > unrelated


def test_deviation_counts_from_the_questions_language():
    # fr: median 0.2, away from it 0.1, 0, 0.1; en: median 0.5, away 0.1, 0, 0.1; median of all six: 0.1
    background = Background.of({"fr": [0.1, 0.2, 0.3], "en": [0.4, 0.5, 0.6]})
    assert background.spread == pytest.approx(0.14826)
    assert background.deviation(0.34826, "fr") == pytest.approx(1)
    assert background.deviation(0.5, "en") == 0


def test_it_plugs_into_langchain(engine):
    from langchain_core.runnables import RunnableLambda

    chain = engine.as_retriever(2) | RunnableLambda(lambda documents: [d.metadata["passage_id"] for d in documents])
    ids = chain.invoke(PAIRS["en"])
    document = engine.as_retriever(2).invoke(PAIRS["en"])[0]
    text = engine.articles[0].text(document.metadata["language"])
    assert len(ids) == 2
    assert document.id == ids[0]
    assert text[document.metadata["start"] : document.metadata["end"]] == document.page_content
