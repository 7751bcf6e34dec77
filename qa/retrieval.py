"""Dense and lexical search, fused: a question to passages, and to the sentences in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from qa.index import Index, Record
from qa.lexical import Lexicon, spaced
from qa.types import Article, Edition, Hit, Language, Passage, Query, Sentence

if TYPE_CHECKING:
    from qa.embedding import Embedder
    from qa.engine import Engine

DENSE_WEIGHT = 0.6
"""Share of dense search in the fused score; min-max fusion at 0.6 : 0.4 was best on AfriQA's French questions."""

_CANDIDATES = 60


@dataclass(frozen=True, slots=True)
class SentenceHit:
    """A sentence of a passage that was found, with what search says of it. The sentence stands for its translations."""

    article: Article
    index: int
    hit: Hit
    similarity: float
    """Mean cosine of question and sentence over the editions, -1 to 1."""
    deviation: float
    """How far the similarity stands above that of unrelated questions, in their standard deviations."""
    bm25: float
    """BM25 score in the edition of the question's language, from 0."""
    overlap: float
    """Share of the question's terms that the sentence holds, weighted by rarity, 0 to 1."""

    def sentence(self, language: Language) -> Sentence:
        """The sentence in the edition of `language`, or in the original where there is none."""
        return self.article.edition(language).sentences[self.index]


UNRELATED: dict[Language, tuple[str, ...]] = {
    "fr": (
        "Comment fait-on lever une pâte à pain ?",
        "Qui a peint les Nymphéas ?",
        "À quelle température l’eau bout-elle en altitude ?",
        "Quel joueur a gagné le tournoi de tennis ?",
        "Comment tailler un rosier au printemps ?",
        "Combien de planètes tournent autour du Soleil ?",
        "Quel est le prix d’un billet de train pour Lyon ?",
        "Pourquoi mon ordinateur est-il si lent ?",
        "Quand les dinosaures ont-ils disparu ?",
        "Quelle crème mettre sur un coup de soleil ?",
    ),
    "en": (
        "How do I bake a chocolate cake?",
        "Who wrote the score of this opera?",
        "What is the boiling point of alcohol?",
        "Which team won the basketball final?",
        "How often should I water a cactus?",
        "How far away is the nearest star?",
        "What does a plane ticket to Lisbon cost?",
        "Why does my phone battery drain so fast?",
        "When were the pyramids built?",
        "What is the best exercise for back pain?",
    ),
}
"""Questions on twenty everyday matters: what an embedding model gives them says what its similarities are worth."""


@dataclass(frozen=True, slots=True)
class Background:
    """Similarities that mean nothing: those of unrelated questions and their nearest sentences."""

    centers: Mapping[Language, float]
    spread: float

    @classmethod
    def of(cls, similarities: Mapping[Language, Sequence[float]]) -> Background:
        """Medians, and the median absolute deviation from them, so that a few questions may happen to be related."""
        centers = {language: median(values) for language, values in similarities.items()}
        away = [abs(value - centers[language]) for language, values in similarities.items() for value in values]
        return cls(centers, max(1.4826 * median(away), 1e-3))

    def deviation(self, similarity: float, language: Language) -> float:
        """`similarity` in standard deviations above what an unrelated question in `language` gets."""
        return (similarity - self.centers[language]) / self.spread


def records_of(articles: Iterable[Article], passages: Iterable[Passage]) -> list[Record]:
    """What is indexed: every passage and every sentence, in every edition."""
    records = [Record("passages", passage.id, spaced(passage.text)) for passage in passages]
    for article in articles:
        for edition in article.editions.values():
            records += [
                Record("sentences", _sentence_id(article.id, edition, sentence), spaced(sentence.text))
                for sentence in edition.sentences
            ]
    return records


def _sentence_id(article_id: str, edition: Edition, sentence: Sentence) -> str:
    return f"{article_id}:{edition.language}:{sentence.start}-{sentence.end}"


class Retriever:
    """Searches the passages of some articles. A question finds a passage through any of its editions."""

    def __init__(
        self, articles: Sequence[Article], passages: Sequence[Passage], index: Index, embedder: Embedder
    ) -> None:
        self._articles = {article.id: article for article in articles}
        self._passages = {passage.id: passage for passage in passages}
        self._aligned = {(p.article_id, p.sentences, p.language): p for p in passages}
        self._index = index
        self._embedder = embedder
        self._background = self._measure_background()
        self._fields = {language: _Field(self._articles, passages, language) for language in ("fr", "en")}

    def query(self, text: str, language: Language) -> Query:
        """The question with its embedding: the only text that is embedded to answer it."""
        return Query(text, language, self._embedder.encode_query(text))

    def search(self, query: Query, k: int) -> list[Hit]:
        """The `k` best passages, best first, in the edition of the query's language where there is one."""
        field = self._fields[query.language]
        dense: dict[str, float] = {}
        for id_, similarity in self._index.search("passages", query.vector, _CANDIDATES + 4 * k):
            passage = field.in_language(self._passages[id_], self._aligned)
            dense[passage.id] = max(similarity, dense.get(passage.id, -1.0))
        lexical = field.passage_scores(query.text)
        best = sorted(lexical, key=lambda id_: -lexical[id_])[:_CANDIDATES]
        missing = [id_ for id_ in best if id_ not in dense and lexical[id_] > 0]
        dense.update(self._index.similarities("passages", query.vector, missing))
        fused = _fused(dense, lexical)
        hits = [
            Hit(
                self._passages[id_],
                fused[id_],
                dense[id_],
                self._background.deviation(dense[id_], query.language),
                lexical[id_],
            )
            for id_ in dense
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.passage.id))[:k]

    def sentences(self, query: Query, hits: Sequence[Hit]) -> list[SentenceHit]:
        """Every sentence of `hits`, each once, in the order of the hits."""
        first: dict[tuple[str, int], Hit] = {}
        for hit in hits:
            for index in hit.passage.sentences:
                first.setdefault((hit.passage.article_id, index), hit)
        ids = {
            key: [_sentence_id(article.id, edition, edition.sentences[key[1]]) for edition in article.editions.values()]
            for key in first
            for article in (self._articles[key[0]],)
        }
        similarities = self._index.similarities("sentences", query.vector, [i for group in ids.values() for i in group])
        scores = self._fields[query.language].sentence_scores(query.text, first)
        found = []
        for key, hit in first.items():
            similarity = fmean(similarities[id_] for id_ in ids[key])
            deviation = self._background.deviation(similarity, query.language)
            found.append(SentenceHit(self._articles[key[0]], key[1], hit, similarity, deviation, *scores[key]))
        return found

    def _measure_background(self) -> Background:
        similarities = {}
        for language, questions in UNRELATED.items():
            vectors = self._embedder.encode_queries(questions)
            similarities[language] = [self._index.search("sentences", vector, 1)[0][1] for vector in vectors]
        return Background.of(similarities)


class _Field:
    """What lexical search reads for questions in one language: the edition in it, or the original."""

    def __init__(self, articles: dict[str, Article], passages: Sequence[Passage], language: Language) -> None:
        self._language = {article.id: article.edition(language).language for article in articles.values()}
        self._parts: list[tuple[list[Passage], Lexicon, dict[tuple[str, int], int], Lexicon]] = []
        for written in sorted(set(self._language.values())):
            chosen = [p for p in passages if p.language == written == self._language[p.article_id]]
            keys = [
                ((article.id, sentence.index), sentence.text)
                for article in articles.values()
                if self._language[article.id] == written
                for sentence in article.editions[written].sentences
            ]
            places = {key: place for place, (key, _) in enumerate(keys)}
            lexicon = Lexicon([p.text for p in chosen], written)
            self._parts.append((chosen, lexicon, places, Lexicon([text for _, text in keys], written)))

    def in_language(self, passage: Passage, aligned: dict[tuple[str, tuple[int, ...], Language], Passage]) -> Passage:
        return aligned[passage.article_id, passage.sentences, self._language[passage.article_id]]

    def passage_scores(self, question: str) -> dict[str, float]:
        found: dict[str, float] = {}
        for passages, lexicon, _, _ in self._parts:
            scores = lexicon.scores(question).tolist()
            found.update(zip((passage.id for passage in passages), scores, strict=True))
        return found

    def sentence_scores(
        self, question: str, wanted: Iterable[tuple[str, int]]
    ) -> dict[tuple[str, int], tuple[float, float]]:
        """BM25 and weighted overlap of each wanted sentence."""
        keys = set(wanted)
        found: dict[tuple[str, int], tuple[float, float]] = {}
        for _, _, places, lexicon in self._parts:
            scores = lexicon.scores(question)
            overlaps = lexicon.overlaps(question)
            found.update(
                (key, (float(scores[place]), float(overlaps[place]))) for key, place in places.items() if key in keys
            )
        return found


def _fused(dense: dict[str, float], lexical: dict[str, float]) -> dict[str, float]:
    """Min-max fusion of the two scores over the candidates, 0 to 1."""
    if not dense:
        return {}
    low, high = min(dense.values()), max(dense.values())
    top = max((lexical[id_] for id_ in dense), default=0.0)
    return {
        id_: DENSE_WEIGHT * (value - low) / ((high - low) or 1.0)
        + (1 - DENSE_WEIGHT) * (lexical[id_] / top if top > 0 else 0.0)
        for id_, value in dense.items()
    }


class PassageRetriever(BaseRetriever):
    """Passage's retrieval as a LangChain retriever: Documents whose metadata hold id, offsets and score."""

    engine: Any
    k: int | None = None

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        engine: Engine = self.engine
        return [_document(hit, engine) for hit in engine.retrieve(query, top_k=self.k)]


def _document(hit: Hit, engine: Engine) -> Document:
    metadata = {key: value for key, value in hit.to_dict().items() if key != "text"}
    metadata["title"] = dict(engine.article(hit.passage.article_id).title).get(hit.passage.language, "")
    return Document(id=hit.passage.id, page_content=hit.passage.text, metadata=metadata)
