"""Wiring: a question to an answer. Follow `ask()` to see the whole way."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from qa.articles import load_articles
from qa.conversation import points_back, says_something, standalone, without_opening
from qa.errors import ChatModelFailed, QAError, SettingsError, StoreDamaged
from qa.evidence import Candidates, Judge, Judgement, LinearJudge, weigh_follow_up
from qa.expectation import asks_for_gist
from qa.extractive import answer_from, chunks_of, refusal_from
from qa.index import Index, Progress, Record
from qa.parts import joined, split_question
from qa.passages import split_passages
from qa.question import CheckedQuestion, check_question
from qa.reading import Reader
from qa.reading_judge import ReadingJudge
from qa.retrieval import PassageRetriever, Retriever, records_of
from qa.settings import Settings
from qa.store import BuildReport, Store, fingerprint_of
from qa.types import Answer, Article, Chunk, Hit, Language, Passage, Query, Usage, total

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.runnables import Runnable

    from qa.embedding import Embedder
    from qa.generative import Writer

logger = logging.getLogger(__name__)

_READ = 10
"""Passages whose sentences are weighed."""
_SURE_BY_ITSELF = 0.5
"""Confidence from which a follow-up is answered by itself where, with what was asked before it, it only finds the same
sentence again ("And South Korea?"). On the conversations' dev turns it answers 5 of 35 more."""
_REMEMBERED = 3
"""Turns of a conversation that a chat model is told of."""


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """Articles and the index made of them: they are only ever replaced together."""

    articles: tuple[Article, ...]
    index: Index
    retriever: Retriever


class Engine:
    """Answers questions about some articles. Safe to use from several threads.

    Made with `Engine.open()`; usable as a context manager, which closes the index.
    """

    def __init__(
        self,
        settings: Settings,
        embedder: Embedder,
        judge: Judge,
        writer: Writer | None,
        progress: Progress | None,
        rebuild: bool,
    ) -> None:
        self.settings = settings
        self._embedder = embedder
        self._judge = judge
        self._writer = writer
        self._store = Store(settings.data_dir, settings.lock_timeout)
        self._lock = threading.Lock()
        self._seen = self._store.state()
        self.report: BuildReport
        """What opening took: how many texts are indexed, and how many of them had to be embedded."""
        self.report, self._snapshot = self._prepare(progress, rebuild)

    @classmethod
    def open(
        cls,
        settings: Settings | None = None,
        *,
        embedder: Embedder | None = None,
        judge: Judge | None = None,
        chat_model: BaseChatModel | None = None,
        progress: Progress | None = None,
        rebuild: bool = False,
    ) -> Self:
        """An engine for the articles of `settings`; makes the index where there is none yet, or anew for `rebuild`.

        `embedder` and `judge` take the place of the embedding model and of the choice of evidence, `chat_model` (any
        of LangChain's) that of the one of `settings.llm`.
        `progress` is called with the number of texts embedded so far and in all.
        Raises SettingsError, ArticleError, ModelError, ChatModelNotUsable or StoreError.
        """
        settings = settings or Settings()
        load_articles(settings.sources)  # a bad article is told before a model is loaded
        if embedder is None:
            from qa.embedding import SentenceTransformerEmbeddings

            embedder = SentenceTransformerEmbeddings(settings)
        wanted = chat_model is not None or bool(settings.llm or settings.llm_base_url)
        if judge is None:
            reads = settings.reader
            judge = ReadingJudge(Reader.open(settings, embedder), settings.risk) if reads else LinearJudge()
        writer = _writer(settings, embedder, chat_model) if wanted else None
        return cls(settings, embedder, judge, writer, progress, rebuild)

    @property
    def articles(self) -> tuple[Article, ...]:
        """The articles that answers come from."""
        return self._snapshot.articles

    def article(self, article_id: str) -> Article:
        """The article with this id. Raises KeyError."""
        return {article.id: article for article in self.articles}[article_id]

    def ask(
        self,
        question: str,
        language: str | None = None,
        *,
        top_k: int | None = None,
        history: Sequence[Answer] = (),
        interface_language: Language = "en",
    ) -> Answer:
        """The answer to `question`, in its own language or in `language` ("fr" or "en").

        `history` are the answers given before it in the conversation, oldest first, with which a follow-up ("And
        when?") is understood. `interface_language` is that of errors, and of questions that are in neither language
        by their words. Raises QuestionError where the question is empty or too long, or the language is unknown, and
        SettingsError where `top_k` is below 1.
        """
        chunks = self.stream(question, language, top_k=top_k, history=history, interface_language=interface_language)
        answers = [chunk.answer for chunk in chunks if chunk.answer]
        return answers[-1]

    def stream(
        self,
        question: str,
        language: str | None = None,
        *,
        top_k: int | None = None,
        history: Sequence[Answer] = (),
        interface_language: Language = "en",
    ) -> Iterator[Chunk]:
        """The answer piece by piece; the pieces' texts joined are its text, and the last piece carries it whole.

        Takes what `ask` takes, and raises what it raises, at the first piece. Closing the iterator ends the request
        to the chat model.
        """
        checked = check_question(
            question,
            language,
            limit=self.settings.max_question_length,
            interface_language=interface_language,
            before=history[-1].language if history else None,
        )
        if top_k is not None and top_k < 1:
            raise SettingsError(interface_language, detail=f"top_k: {top_k}, at least 1 expected")
        listed = top_k or self.settings.top_k
        started = time.perf_counter()
        spent: list[Usage] = []
        if history and not points_back(checked.text, checked.written or checked.language):
            checked = replace(checked, text=without_opening(checked.text))
        asked = checked.text
        deadline = self._writer.deadline() if self._writer else 0.0
        text, wanted = self._standalone(checked, history, spent, deadline)
        checked = replace(checked, text=text)
        retriever = self._current().retriever
        query = retriever.query(checked, wanted)
        embedded = time.perf_counter()
        candidates = _candidates(retriever, query, listed)
        retrieved = time.perf_counter()
        if checked.text == asked:
            judgement, silent = self._weigh(retriever, checked, candidates, listed)
        else:  # what it points back to is asked already
            unwritten = wanted == asked
            candidates = replace(candidates, follows=unwritten and not history[-1].refused)
            judgement, silent = self._judge.judge(candidates), ""
            if unwritten and says_something(asked, checked.written or checked.language):
                by_itself = replace(checked, text=asked)
                alone = _candidates(retriever, retriever.query(by_itself), listed)
                alone = replace(alone, follows=candidates.follows)
                judged = self._judge.judge(alone)
                sure = judged.refusal is None and judged.confidence >= _SURE_BY_ITSELF
                if sure and _repeats(judgement, history[-1]):
                    checked, query, candidates, judgement = by_itself, alone.query, alone, judged
                else:
                    judgement = weigh_follow_up(judgement, judged)
        notice = " ".join(filter(None, (checked.notice, silent)))
        answer = answer_from(query, candidates.hits[:listed], judgement, notice)
        selected = time.perf_counter()
        timings = {"embed": embedded - started, "retrieve": retrieved - embedded, "select": selected - retrieved}
        understood = checked.text if checked.text != asked else ""
        chunks = chunks_of(replace(answer, usage=total(spent)))
        if self._writer and judgement.refusal != "off_topic":
            refusal = refusal_from(query, candidates.hits[:listed], judgement, checked.notice)
            chunks = self._writer.stream(candidates, listed, answer, refusal, spent, deadline)
        for chunk in chunks:
            if chunk.answer:
                ended = time.perf_counter()
                written = {"write": ended - selected} if self._writer else {}
                taken = {**timings, **written, "total": ended - started}
                whole = replace(chunk.answer, question=question, standalone=understood, timings=taken)
                chunk = replace(chunk, answer=whole)
            yield replace(chunk, standalone=understood)

    def batch(self, questions: Iterable[str], language: str | None = None, **options: Any) -> list[Answer]:
        """The answers to several questions, in their order."""
        return [self.ask(question, language, **options) for question in questions]

    async def aask(self, question: str, language: str | None = None, **options: Any) -> Answer:
        """`ask` without blocking the event loop."""
        return await asyncio.to_thread(self.ask, question, language, **options)

    def retrieve(self, question: str, *, top_k: int | None = None, language: str | None = None) -> list[Hit]:
        """The passages nearest to `question`, best first, without an answer. Raises QuestionError."""
        checked = check_question(question, language, limit=self.settings.max_question_length)
        retriever = self._current().retriever
        return retriever.search(retriever.query(checked), top_k or self.settings.top_k)

    def examine(self, question: str, language: str | None = None, *, history: Sequence[Answer] = ()) -> Candidates:
        """What `ask` weighs as evidence: passages and sentences, unjudged. Raises QuestionError.

        A follow-up is understood with `history` as it is without a chat model.
        """
        checked = check_question(question, language, limit=self.settings.max_question_length)
        text = standalone(checked.text, history, checked.written or checked.language)
        retriever = self._current().retriever
        query = retriever.query(replace(checked, text=text), checked.text)
        return _candidates(retriever, query, self.settings.top_k)

    def as_retriever(self, top_k: int | None = None) -> PassageRetriever:
        """A LangChain retriever of passages as Documents, for anybody's chain."""
        return PassageRetriever(engine=self, k=top_k)

    def as_runnable(self) -> Runnable[str | dict[str, Any], Answer]:
        """A LangChain runnable: a question, or a dict of `ask`'s arguments, to an Answer."""
        from langchain_core.runnables import RunnableLambda

        def run(asked: str | dict[str, Any]) -> Answer:
            return self.ask(**asked) if isinstance(asked, dict) else self.ask(asked)

        async def arun(asked: str | dict[str, Any]) -> Answer:
            return await asyncio.to_thread(run, asked)

        return RunnableLambda(run, afunc=arun, name="passage")

    def _standalone(
        self, checked: CheckedQuestion, history: Sequence[Answer], spent: list[Usage], deadline: float
    ) -> tuple[str, str]:
        """The question with what it points back to in the conversation, and which words of it say what is wanted.

        What a chat model took goes to `spent`.
        """
        if self._writer and history:
            try:
                recent = history[-_REMEMBERED:]
                written = self._writer.standalone(checked.text, recent, checked.language, spent, deadline)
            except ChatModelFailed as failure:
                logger.warning("the follow-up is understood without the chat model: %s", failure)
            else:
                return written, written
        return standalone(checked.text, history, checked.written or checked.language), checked.text

    def _weigh(
        self, retriever: Retriever, checked: CheckedQuestion, candidates: Candidates, listed: int
    ) -> tuple[Judgement, str]:
        """The judgement of a question, part by part where it has several, and which parts are left unanswered."""
        parts = split_question(checked.text)
        if len(parts) == 1:
            return self._judge.judge(candidates), ""
        judged = []
        for part in parts:
            query = retriever.query(replace(checked, text=part.search))
            judged.append((part, self._judge.judge(_candidates(retriever, query, listed))))
        return joined(judged, checked.language)

    def close(self) -> None:
        """Let go of the index's files."""
        self._snapshot.index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _current(self) -> _Snapshot:
        """The newest complete version: another process may have made one since the last question."""
        state = self._store.state()
        if state != self._seen:
            with self._lock:
                if state != self._seen:
                    self._seen = state
                    self._follow()
        return self._snapshot

    def _follow(self) -> None:
        """Open what another process has indexed; stay with what is open where that is not to be had."""
        try:
            articles = load_articles(self.settings.sources)
            _, passages, fingerprint = self._plan(articles)
            folder = self._store.find(fingerprint)
            if folder and folder != self._snapshot.index.folder:
                index = Index(folder, fingerprint)
                retriever = Retriever(articles, passages, index, self._embedder)
                self._snapshot = _Snapshot(articles, index, retriever)
        except (QAError, OSError) as error:
            logger.warning("the new index can't be opened, the one before stays in use: %s", error)

    def _prepare(self, progress: Progress | None, rebuild: bool) -> tuple[BuildReport, _Snapshot]:
        """Read the articles, see to it that their index is there, and open it."""
        articles = load_articles(self.settings.sources)
        records, passages, fingerprint = self._plan(articles)
        folder = None if rebuild else self._store.find(fingerprint)
        report = BuildReport(len(records), 0)
        if folder is None:
            places = ",".join(str(article.path.resolve()) for article in articles)
            supersedes = f"{self.settings.passage_tokens}:{places}"
            report = self._store.build(
                records, self._embedder, fingerprint, supersedes=supersedes, rebuild=rebuild, progress=progress
            )
        index = self._open(fingerprint)
        return report, _Snapshot(articles, index, Retriever(articles, passages, index, self._embedder))

    def _open(self, fingerprint: str) -> Index:
        """The version with this fingerprint; looked up again where another process replaced it meanwhile."""
        while True:
            state, folder = self._store.state(), self._store.find(fingerprint)
            if folder is None:
                raise StoreDamaged(path=self.settings.data_dir, cause="the index that was made is not there")
            try:
                return Index(folder, fingerprint)
            except StoreDamaged:
                if self._store.state() == state:
                    raise

    def _plan(self, articles: Sequence[Article]) -> tuple[list[Record], list[Passage], str]:
        """What is indexed of the articles, and the fingerprint of it all."""
        limit = min(self.settings.passage_tokens, self._embedder.max_tokens)
        passages = [
            passage for article in articles for passage in split_passages(article, limit, self._embedder.count_tokens)
        ]
        records = records_of(articles, passages)
        texts = (f"{record.kind}:{record.id}:{record.text}" for record in records)
        return records, passages, fingerprint_of(self._embedder.fingerprint, *texts)


def _writer(settings: Settings, embedder: Embedder, chat_model: BaseChatModel | None) -> Writer:
    """What writes answers with the chat model that is given, or else with that of the settings."""
    from qa.chat_model import ChatModel
    from qa.cross_encoder import CrossEncoder
    from qa.generative import Writer
    from qa.support import Checker

    model = ChatModel.open(settings) if chat_model is None else ChatModel(chat_model, settings)
    network = CrossEncoder.open("checker.onnx", settings, embedder)
    return Writer(model, Checker(embedder, network), remove=settings.unsupported == "remove")


def _repeats(judgement: Judgement, last: Answer) -> bool:
    """Whether the best evidence is what the last answer cited."""
    cited = {(citation.article_id, citation.source_start) for citation in last.citations}
    best = [evidence.found for evidence in judgement.evidence[:1]]
    return any((found.article.id, found.sentence(found.article.original).start) in cited for found in best)


def _candidates(retriever: Retriever, query: Query, listed: int) -> Candidates:
    """Evidence is sought in more passages than are listed; what an article is about, at its beginning."""
    gist = asks_for_gist(query.text)
    hits = tuple(retriever.leads(query) if gist else retriever.search(query, max(listed, _READ)))
    return Candidates(query, hits, tuple(retriever.sentences(query, hits)))


_default: Engine | None = None
_default_lock = threading.Lock()


def ask(question: str, language: str | None = None) -> Answer:
    """The answer to `question` from the default article, with the default settings; the engine is kept for the next.

    Raises what `Engine.open` and `Engine.ask` raise.
    """
    global _default  # one engine for the module-level function, made at the first call
    with _default_lock:
        if _default is None:
            _default = Engine.open()
    return _default.ask(question, language)
