"""The whole way with real parts: files, model, Chroma, evidence, answer."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys

import pytest
from conftest import ROOT
from tiny import WordEmbedder

from qa import Engine, LinearJudge, QuestionError, Settings, SettingsError
from qa.expectation import asks_for_gist

FACTS = [
    ("Quand la visite a-t-elle été annoncée ?", "fr", "17 juin"),
    ("When was the visit announced?", "en", "June 17"),
    ("Qu'est-ce que Moscou a offert à Kim Jong-un ?", "fr", "Limousine"),
    ("What did Moscow give Kim Jong-un as a gift?", "en", "limousine"),
    ("Qui a défini l'accord comme un pacte défensif ?", "fr", "président russe"),
    ("What has North Korea's war industry supplied for the war in Ukraine?", "en", "artillery shells"),
]


def assert_valid(answer, engine):
    assert answer.citations
    for number, citation in enumerate(answer.citations, start=1):
        article = engine.article(citation.article_id)
        assert citation.number == number
        assert f"[{number}]" in answer.text
        assert article.text(citation.language)[citation.start : citation.end] == citation.quote
        assert article.text(citation.source_language)[citation.source_start : citation.source_end] == (
            citation.source_quote
        )
        assert citation.source_language == article.original


@pytest.mark.parametrize(("question", "language", "expected"), FACTS)
def test_facts_are_answered_in_the_questions_language_with_valid_citations(engine, question, language, expected):
    answer = engine.ask(question)
    assert not answer.refused
    assert answer.language == language
    assert expected in answer.text
    assert {citation.language for citation in answer.citations} == {language}
    assert_valid(answer, engine)


@pytest.mark.parametrize(
    ("question", "language", "expected"),
    [
        ("Quand la visite a-t-elle été annoncée ?", "en", "June 17"),
        ("When was the visit announced?", "fr", "17 juin"),
    ],
)
def test_the_answer_comes_in_the_language_asked_for(engine, question, language, expected):
    answer = engine.ask(question, language)
    assert (answer.language, answer.citations[0].language) == (language, language)
    assert expected in answer.text
    assert_valid(answer, engine)


def test_without_an_edition_in_its_language_the_question_is_answered_in_the_originals_words(embedder, tmp_path):
    from qa.articles import default_sources

    source = tmp_path / "original.txt"
    source.write_bytes((default_sources()[0] / "fr.txt").read_bytes())
    with Engine.open(Settings(sources=source, data_dir=tmp_path / "data"), embedder=embedder) as engine:
        answer = engine.ask("When was the visit announced?")
        assert (answer.language, answer.citations[0].language) == ("en", "fr")
        assert "17 juin" in answer.text
        assert "no English edition" in answer.notice
        assert_valid(answer, engine)


@pytest.mark.parametrize(
    "question", ["Comment cuire un œuf à la coque ?", "Who won the football world cup in 1998?", "Écris un poème."]
)
def test_off_topic_questions_are_refused(engine, question):
    answer = engine.ask(question)
    assert (answer.refused, answer.citations) == (True, ())
    assert answer.passages


@pytest.mark.parametrize("question", ["", "  ", "🙂", "\x00", "a" * 50_000])
def test_bad_questions_are_errors_with_both_languages(engine, question):
    with pytest.raises(QuestionError) as caught:
        engine.ask(question)
    assert caught.value.message("fr") != caught.value.message("en")


def test_markup_in_a_question_changes_nothing(engine):
    answer = engine.ask("<b>When</b> was the <i>visit</i> announced? <script>alert(1)</script>")
    assert answer.question.startswith("<b>")
    assert "June 17" in answer.text


@pytest.mark.parametrize(
    ("question", "beginning"),
    [
        ("De quoi parle cet article ?", "Les relations entre la Russie et la Corée du Nord"),
        ("Quel est le sujet principal du texte ?", "Les relations entre la Russie et la Corée du Nord"),
        ("What is this article about?", "Relations between Russia and North Korea"),
        ("What's the main topic of the article?", "Relations between Russia and North Korea"),
    ],
)
def test_what_the_article_is_about_is_answered_by_its_beginning(engine, question, beginning):
    answer = engine.ask(question)
    assert answer.text.startswith(beginning)
    assert len(answer.citations) == 3
    assert_valid(answer, engine)


@pytest.mark.parametrize(
    "question",
    [
        "What does the article say about bread?",
        "What is the pact about?",
        "What does the article say Kim is worried about?",
        "What is the document signed on day one about?",
        "De quoi parle Poutine dans l'article ?",
    ],
)
def test_other_questions_are_no_questions_about_the_whole(question):
    assert not asks_for_gist(question)


def test_a_heading_is_never_the_answer_to_a_question(engine, embedder):
    # "Les craintes de l'Occident" is the nearest line, and says nothing
    with Engine.open(engine.settings.model_copy(update={"risk": 1.0}), embedder=embedder) as answering:
        answer = answering.ask("Pourquoi l’Occident s’inquiète-t-il ?")
    assert "craintes" not in answer.text
    assert "préoccupé par le renforcement de l'amitié" in answer.text or "a cependant alarmé l'Occident" in answer.text


def test_an_article_of_lines_without_full_stops_can_be_asked(text_file, tmp_path):
    source = text_file("Le chat noir dort sur le tapis\nLe cheval blanc mange une pomme\n")
    settings = Settings(sources=source, data_dir=tmp_path / "data")
    with Engine.open(settings, embedder=WordEmbedder(), judge=LinearJudge(threshold=0.0)) as engine:
        assert "pomme" in engine.ask("Que mange le cheval blanc ?").text


def test_a_third_language_is_told(engine):
    answer = engine.ask("¿Cuándo fue anunciada la visita de Putin a Corea del Norte?")
    assert answer.language == "fr"
    assert "autre langue" in answer.notice


def test_stream_batch_async_and_runnable_give_the_same_answer(engine):
    question = FACTS[0][0]
    answer = engine.ask(question)
    pieces = list(engine.stream(question))
    assert "".join(piece.text for piece in pieces) == answer.text
    assert pieces[-1].answer == answer
    assert engine.batch([question, question]) == [answer, answer]
    assert asyncio.run(engine.aask(question)) == answer
    assert engine.as_runnable().invoke(question) == answer
    assert engine.as_runnable().invoke({"question": question, "language": "en"}).language == "en"
    assert asyncio.run(engine.as_runnable().ainvoke(question)) == answer


def test_an_answer_is_plain_json_and_markdown(engine):
    answer = engine.ask(FACTS[1][0])
    values = json.loads(json.dumps(answer.to_dict()))
    citation = values["citations"][0]
    assert values["text"] == answer.text
    assert {"number", "article_id", "passage_id", "language", "quote", "start", "end", "score"} <= set(citation)
    assert {"source_language", "source_quote", "source_start", "source_end"} <= set(citation)
    assert {"embed", "retrieve", "select", "total"} == set(values["timings"])
    assert "“La visite a été annoncée" in answer.to_markdown()


def test_top_k_lists_as_many_passages_and_changes_no_answer(engine):
    answers = [engine.ask(FACTS[1][0], top_k=k) for k in (1, 5, 11)]
    assert [len(answer.passages) for answer in answers] == [1, 5, 11]
    assert len({answer.text for answer in answers}) == 1


def test_what_is_cited_is_among_the_passages(engine):
    answer = engine.ask("When was the visit announced, and what does North Korea supply to Moscow?", top_k=1)
    cited = {citation.passage_id for citation in answer.citations}
    assert len(cited) > 1
    assert cited <= {hit.passage.id for hit in answer.passages}


def test_a_lower_risk_refuses_what_a_higher_one_answers(engine, embedder):
    asked = [question for question, *_ in FACTS]
    answered = []
    for risk in (0.001, 1.0):
        settings = engine.settings.model_copy(update={"risk": risk})
        with Engine.open(settings, embedder=embedder) as other:
            answered.append(sum(not answer.refused for answer in other.batch(asked)))
    assert answered[0] < answered[1] == len(asked)


def test_without_the_reader_similarity_chooses_and_there_is_no_short_answer(engine, embedder):
    with Engine.open(engine.settings.model_copy(update={"reader": False}), embedder=embedder) as similar:
        answer = similar.ask("When was the visit announced?")
    assert "June 17" in answer.text
    assert answer.short is None


def test_the_short_answer_stands_in_the_edition_of_the_answer(engine):
    for question, words in (
        ("When was the visit announced?", "June 17"),
        ("Quand la visite a-t-elle été annoncée ?", "17 juin"),
    ):
        answer = engine.ask(question)
        assert answer.short is not None
        assert words in answer.short.text
        assert answer.short.language == answer.language
        text = engine.articles[0].text(answer.short.language)
        assert text[answer.short.start : answer.short.end] == answer.short.text
        citation = answer.citations[answer.short.citation - 1]
        assert citation.start <= answer.short.start < answer.short.end <= citation.end


def test_yes_no_questions_are_answered_by_the_sentence(engine):
    answer = engine.ask("Has Putin been to North Korea before?")
    assert answer.short is None
    assert answer.text[:3].lower() not in ("yes", "no ")


def test_each_part_of_a_question_is_answered_and_cited(engine):
    answer = engine.ask("When was the visit announced, and what did Moscow give to Kim Jong-un?")
    assert "June 17" in answer.text
    assert "limousine" in answer.text
    assert len(answer.citations) >= 2
    assert_valid(answer, engine)


def test_a_part_that_is_not_answered_is_named(engine):
    answer = engine.ask("Quand la visite a-t-elle été annoncée et combien mesure la tour Eiffel ?")
    assert "17 juin" in answer.text
    assert "tour Eiffel" in answer.notice


def test_a_refusal_shows_the_nearest_sentences_and_what_was_sought(engine):
    answer = engine.ask("How old is Kim Jong-un?")
    assert answer.refused
    assert "looked for a number" in answer.text
    assert 1 <= len(answer.nearest) <= 3
    for near in answer.nearest:
        assert engine.articles[0].text(near.language)[near.start : near.end] == near.quote


def test_ask_is_one_line(monkeypatch, tmp_path):
    import qa

    monkeypatch.setenv("PASSAGE_DATA_DIR", str(tmp_path))
    assert "June 17" in qa.ask("When was the visit announced?").text


def test_an_engine_opened_again_embeds_nothing_at_all(engine, embedder, monkeypatch):
    monkeypatch.setattr(embedder.model, "encode", lambda *arguments, **options: pytest.fail("a text was embedded"))
    with Engine.open(engine.settings, embedder=embedder) as again:
        assert again.report.embedded == 0


def test_top_k_below_one_is_said(engine):
    with pytest.raises(SettingsError, match="top_k"):
        engine.ask(FACTS[0][0], top_k=-1)


def test_a_running_engine_outlives_an_article_that_was_emptied(tmp_path):
    source = tmp_path / "article.txt"
    source.write_text("Le chat dort sur le tapis rouge.")
    settings = Settings(sources=source, data_dir=tmp_path / "data")
    with Engine.open(settings, embedder=WordEmbedder(), judge=LinearJudge(threshold=0.0)) as reader:
        source.write_text("")
        other = tmp_path / "other.txt"
        other.write_text("Un autre article.")
        Engine.open(Settings(sources=other, data_dir=tmp_path / "data", reader=False), embedder=WordEmbedder()).close()
        assert "rouge" in reader.ask("Où dort le chat ?").text


def test_a_changed_article_is_followed_without_a_restart(tmp_path):
    source = tmp_path / "article.txt"
    source.write_text("Le chat dort sur le tapis rouge. Le chien court dans le jardin.")
    settings = Settings(sources=source, data_dir=tmp_path / "data")
    with Engine.open(settings, embedder=WordEmbedder(), judge=LinearJudge(threshold=0.0)) as reader:
        assert "rouge" in reader.ask("Où dort le chat ?").text
        source.write_text("Le chat dort sur le tapis bleu. Le chien court dans le jardin.")
        assert "rouge" in reader.ask("Où dort le chat ?").text  # not indexed yet: text and index go together
        with Engine.open(settings, embedder=WordEmbedder(), judge=LinearJudge()) as writer:
            # the changed sentence, and the passage of both
            assert writer.report.embedded == 2
        answer = reader.ask("Où dort le chat ?")
        assert "bleu" in answer.text
        assert_valid(answer, reader)


def test_several_articles_are_asked_together(text_file, tmp_path):
    sources = (
        text_file("Le chat noir dort sur le tapis.", "chat.txt"),
        text_file("Le cheval blanc mange une pomme.", "cheval.txt"),
    )
    settings = Settings(sources=sources, data_dir=tmp_path / "data")
    with Engine.open(settings, embedder=WordEmbedder(), judge=LinearJudge(threshold=0.0)) as engine:
        assert engine.ask("Que mange le cheval ?").citations[0].article_id == "cheval"
        assert engine.ask("Où dort le chat ?").citations[0].article_id == "chat"


NO_NETWORK = """
import socket
def refuse(*arguments, **options):
    raise AssertionError(f"network used: {arguments}")
socket.socket.connect = refuse
socket.socket.connect_ex = refuse
socket.getaddrinfo = refuse
socket.create_connection = refuse
from qa import ask
print(ask("When was the visit announced?").text)
print(ask("Comment cuire un œuf ?").reason)
"""


def test_questions_are_answered_with_the_network_blocked(tmp_path):
    environment = {**os.environ, "PASSAGE_DATA_DIR": str(tmp_path), "HF_HOME": str(tmp_path / "no-hub")}
    environment.pop("HF_HUB_OFFLINE", None)
    done = subprocess.run(
        [sys.executable, "-c", NO_NETWORK], capture_output=True, text=True, env=environment, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "June 17" in done.stdout
    assert "off_topic" in done.stdout


@pytest.mark.parametrize("question", ["How old is Kim Jong-un?", "Quel âge a Kim Jong-un ?"])
def test_a_quantity_that_the_article_does_not_give_is_refused(engine, question):
    answer = engine.ask(question)
    assert (answer.refused, answer.reason) == (True, "not_stated")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Combien de jours dure la visite de Poutine à Pyongyang ?", "deux jours"),
        ("How many years after his last visit did Putin return to North Korea?", "24 years"),
    ],
)
def test_a_quantity_that_the_article_gives_is_answered(engine, question, expected):
    assert expected in engine.ask(question).text
