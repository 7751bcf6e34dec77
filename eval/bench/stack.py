"""One stack in a process of its own: Passage, or the plain LangChain tutorial (splitter, embeddings, Chroma).

`python -m eval.bench.stack STACK --started TIME …` prints its figures as JSON; eval.bench.speed calls it. Whatever only
one of the two needs is imported where it is used, so that the other does not pay for it.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from eval.questions import Question
    from qa import Article, Engine, Language

_FIRST = "Quand Vladimir Poutine est-il arrivé à Pyongyang ?"
_ASKED = 50
_OVERLAP = 0.2
"""Share of a chunk that the next repeats: 200 of 1000 characters in the tutorial."""


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of text that a stack found: characters of the article's edition in `language`, None: the original."""

    start: int
    end: int
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What a stack needed, and how good its search is."""

    first_hit: float
    """Seconds from the start of the process to the first passage found."""
    search: float
    """Median seconds of a warm search."""
    answer: float | None
    """Median seconds of a warm answer; None where the stack gives none without a chat model."""
    memory: float
    """MB resident after all questions."""
    characters: float
    """Mean length of what was found."""
    whole: dict[str, float]
    """Success@k by language (`fr@1`), where a hit holds a whole evidence sentence."""
    half: dict[str, float]
    """The same where half a sentence is enough: cutting sentences apart costs less."""


class Stack(Protocol):
    """Something that finds passages."""

    def search(self, question: str, k: int) -> list[Found]:
        """The `k` best passages, best first."""


class PassageStack:
    """Passage itself."""

    def __init__(self, folder: Path) -> None:
        from qa import Engine, Settings

        self.engine = Engine.open(Settings(data_dir=folder))

    def search(self, question: str, k: int) -> list[Found]:
        """What `Engine.retrieve` gives."""
        passages = [hit.passage for hit in self.engine.retrieve(question, top_k=k)]
        return [Found(passage.start, passage.end, passage.language) for passage in passages]


class TutorialStack:
    """The first program that a LangChain user writes, over the article's original edition."""

    def __init__(self, article: Path, model: Path, folder: Path, chunk: int) -> None:
        chroma = import_module("langchain_chroma").Chroma
        embeddings = _embeddings(model)
        if folder.exists():
            self._store = chroma(persist_directory=str(folder), embedding_function=embeddings)
            return
        splitter = import_module("langchain_text_splitters").RecursiveCharacterTextSplitter(
            chunk_size=chunk, chunk_overlap=int(_OVERLAP * chunk), add_start_index=True
        )
        documents = splitter.create_documents([article.read_bytes().decode("utf-8")])
        self._store = chroma.from_documents(documents, embeddings, persist_directory=str(folder))

    def search(self, question: str, k: int) -> list[Found]:
        """What `similarity_search` gives."""
        documents = self._store.similarity_search(question, k=k)
        starts = [(document.metadata["start_index"], len(document.page_content)) for document in documents]
        return [Found(start, start + length) for start, length in starts]


def _embeddings(folder: Path) -> Any:
    """The same model as Passage's, with its prompts, the way langchain-huggingface calls it."""
    from langchain_core.embeddings import Embeddings
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder))

    class ModelEmbeddings(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            vectors: list[list[float]] = model.encode_document(texts, show_progress_bar=False).tolist()
            return vectors

        def embed_query(self, text: str) -> list[float]:
            vector: list[float] = model.encode_query(text, show_progress_bar=False).tolist()
            return vector

    return ModelEmbeddings()


def measure(stack: Stack, started: float, questions_name: str) -> Figures:
    """Find a first passage, then time and judge the stack on the answerable questions of a set."""
    stack.search(_FIRST, 1)
    first_hit = time.time() - started

    from eval.questions import load_questions
    from qa import Settings, load_articles

    articles = load_articles(Settings().sources)
    questions = [q for q in load_questions(questions_name, articles).questions if q.answerable]
    found, seconds = [], []
    for question in questions:
        begun = time.perf_counter()
        found.append(stack.search(question.question, 3))
        seconds.append(time.perf_counter() - begun)
    memory = import_module("psutil").Process().memory_info().rss / 2**20
    answers = [_time_answer(stack.engine, q) for q in questions[:_ASKED]] if isinstance(stack, PassageStack) else []
    return Figures(
        first_hit=first_hit,
        search=median(seconds),
        answer=median(answers) if answers else None,
        memory=memory,
        characters=fmean(piece.end - piece.start for pieces in found for piece in pieces),
        whole=_success(questions, found, articles[0], share=1.0),
        half=_success(questions, found, articles[0], share=0.5),
    )


def _time_answer(engine: Engine, question: Question) -> float:
    started = time.perf_counter()
    engine.ask(question.question)
    return time.perf_counter() - started


def _success(
    questions: Sequence[Question], found: Sequence[list[Found]], article: Article, share: float
) -> dict[str, float]:
    """Success@1 and Success@3: whether one of the first k holds `share` of the characters of an evidence sentence."""
    from eval.qrels import evidence_sentences

    right: dict[str, list[bool]] = {}
    for question, pieces in zip(questions, found, strict=True):
        wanted = [index for _, index in evidence_sentences(question, (article,))]
        for k in (1, 3):
            hit = any(_held(piece, article, index) >= share for piece in pieces[:k] for index in wanted)
            right.setdefault(f"{question.language}@{k}", []).append(hit)
    return {key: fmean(hits) for key, hits in right.items()}


def _held(piece: Found, article: Article, index: int) -> float:
    """Share of the characters of a sentence that lie in `piece`."""
    sentence = article.edition(piece.language or article.original).sentences[index]
    return max(0, min(piece.end, sentence.end) - max(piece.start, sentence.start)) / (sentence.end - sentence.start)


def main() -> None:
    """Measure one stack and print its figures."""
    parser = argparse.ArgumentParser(description="Measure one stack; python -m eval.bench.speed measures both.")
    parser.add_argument("stack", choices=["passage", "tutorial"])
    parser.add_argument("--started", type=float, required=True, help="time.time() before this process")
    parser.add_argument("--article", type=Path, required=True, help="text file that the tutorial reads")
    parser.add_argument("--model", type=Path, required=True, help="folder of the tutorial's model")
    parser.add_argument("--folder", type=Path, required=True, help="where the index is, or goes")
    parser.add_argument("--chunk", type=int, default=1000, help="characters of a chunk of the tutorial")
    parser.add_argument("--set", required=True)
    options = parser.parse_args()
    os.environ["ANONYMIZED_TELEMETRY"] = "False"  # Chroma would call home
    stack: Stack
    if options.stack == "passage":
        stack = PassageStack(options.folder)
    else:
        stack = TutorialStack(options.article, options.model, options.folder, options.chunk)
    print(json.dumps(asdict(measure(stack, options.started, options.set))))


if __name__ == "__main__":
    main()
