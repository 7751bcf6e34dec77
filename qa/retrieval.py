"""Dense and lexical search, fused: a question to passages, and to the sentences in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from qa.index import Index, Record
from qa.lexical import Lexicon, spaced
from qa.question import CheckedQuestion
from qa.types import LANGUAGES, Article, Edition, Hit, Language, Passage, Query, Sentence

if TYPE_CHECKING:
    from qa.embedding import Embedder
    from qa.engine import Engine

DENSE_WEIGHT = 0.8
"""Share of dense search in the fused score; on the article's dev questions RR@10 is 0.78 with 1.0, 0.81 with 0.8 and
0.79 with 0.6."""

_CANDIDATES = 60

_Unit: TypeAlias = tuple[str, tuple[int, ...]]
"""Article id and sentence indexes: a passage, whatever its edition."""
_Place: TypeAlias = tuple[str, int]
"""Article id and index: a sentence, whatever its edition."""


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
    across: bool
    """Whether the article has no edition in the language of the question's words, so that words tell nothing."""
    bm25: float
    """BM25 score in the edition that the question's words are written in, from 0."""
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
    """What is indexed: every passage and every sentence, in every edition, and the unrelated questions."""
    records = [
        Record("questions", f"{language}:{number}", question)
        for language, questions in UNRELATED.items()
        for number, question in enumerate(questions)
    ]
    records += [Record("passages", passage.id, spaced(passage.text)) for passage in passages]
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
        self, articles: Sequence[Article], passages: Sequence[Passage], vectors: Index, embedder: Embedder
    ) -> None:
        self._articles = {article.id: article for article in articles}
        self._units = {passage.id: (passage.article_id, passage.sentences) for passage in passages}
        self._passages = {(passage.article_id, passage.sentences, passage.language): passage for passage in passages}
        self._holders: dict[str, list[_Unit]] = {}
        for unit in dict.fromkeys(self._units.values()):
            for id_ in (id_ for index in unit[1] for id_ in self._sentence_ids(unit[0], index)):
                self._holders.setdefault(id_, []).append(unit)
        self._index = vectors
        self._embedder = embedder
        self._words = {language: _Words(articles, passages, language) for language in LANGUAGES}
        self._background = self._measure_background()

    def query(self, question: CheckedQuestion, asked: str = "") -> Query:
        """The question with its embedding: the only text that is embedded to answer it.

        `asked`: what of it is wanted, where that is not the whole.
        """
        vector = self._embedder.encode_query(question.text)
        return Query(question.text, question.language, question.written, vector, asked or question.text)

    def search(self, query: Query, k: int) -> list[Hit]:
        """The `k` best passages, best first, in the edition of the answer's language where there is one."""
        words = self._words[query.written] if query.written else None
        bm25 = words.passage_scores(query.text) if words else {}
        dense = self._dense(query, [unit for unit in _best(bm25, _CANDIDATES) if bm25[unit] > 0], _CANDIDATES + 4 * k)
        fused = _fused(dense, bm25)
        hits = [
            Hit(
                passage=self._in_language(unit, query.language),
                score=fused[unit],
                similarity=similarity,
                deviation=self._background.deviation(similarity, query.language),
                bm25=bm25.get(unit, 0.0),
            )
            for unit, similarity in dense.items()
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.passage.id))[:k]

    def sentences(self, query: Query, hits: Sequence[Hit]) -> list[SentenceHit]:
        """Every sentence of `hits`, each once, in the order of the hits; headings only where there is nothing else."""
        first: dict[_Place, Hit] = {}
        for hit in hits:
            for index in self._statements(hit.passage):
                first.setdefault((hit.passage.article_id, index), hit)
        ids = {place: self._sentence_ids(*place) for place in first}
        every = [id_ for of_one in ids.values() for id_ in of_one]
        similarities = self._index.similarities("sentences", query.vector, every)
        words = self._words[query.written] if query.written else None
        scores = words.sentence_scores(query.text, first) if words else {}
        found = []
        for place, hit in first.items():
            similarity = fmean(similarities[id_] for id_ in ids[place])
            bm25, overlap = scores.get(place, (0.0, 0.0))
            found.append(
                SentenceHit(
                    article=self._articles[place[0]],
                    index=place[1],
                    hit=hit,
                    similarity=similarity,
                    deviation=self._background.deviation(similarity, query.language),
                    across=place not in scores,
                    bm25=bm25,
                    overlap=overlap,
                )
            )
        return found

    def leads(self, query: Query) -> list[Hit]:
        """The passage that each article begins with: what the article is about."""
        first: dict[str, _Unit] = {}
        for unit in self._units.values():
            first.setdefault(unit[0], unit)
        passages = [self._in_language(unit, query.language) for unit in first.values()]
        similarities = self._index.similarities("passages", query.vector, [passage.id for passage in passages])
        return [
            Hit(
                passage=passage,
                score=1.0,
                similarity=similarities[passage.id],
                deviation=self._background.deviation(similarities[passage.id], query.language),
                bm25=0.0,
            )
            for passage in passages
        ]

    def _statements(self, passage: Passage) -> list[int]:
        """The sentences of a passage that say something: a heading only names what follows."""
        edition = self._articles[passage.article_id].editions[passage.language]
        said = [index for index in passage.sentences if edition.sentences[index].kind != "heading"]
        return said or list(passage.sentences)

    def _in_language(self, unit: _Unit, language: Language) -> Passage:
        return self._passages[*unit, self._articles[unit[0]].edition(language).language]

    def _dense(self, query: Query, also: Iterable[_Unit], limit: int) -> dict[_Unit, float]:
        """Similarity of the nearest passages, of those with the nearest sentences, and of those named in `also`.

        It is the mean of the passage's and of its best sentence's, each in the edition where it is highest: a passage
        says what it is about, its sentences say it sharply.
        """
        passages: dict[_Unit, float] = {}
        for id_, similarity in self._index.search("passages", query.vector, limit):
            passages[self._units[id_]] = max(similarity, passages.get(self._units[id_], -1.0))
        sentences: dict[_Unit, float] = {}
        lowest = 1.0
        for id_, lowest in self._index.search("sentences", query.vector, limit):
            for unit in self._holders[id_]:
                sentences.setdefault(unit, lowest)
        missing = {
            self._in_language(unit, query.written or query.language).id: unit
            for unit in {*sentences, *also}
            if unit not in passages
        }
        for id_, similarity in self._index.similarities("passages", query.vector, list(missing)).items():
            passages[missing[id_]] = similarity
        # A sentence that was not among the nearest is no nearer than the last of them.
        return {unit: (similarity + sentences.get(unit, lowest)) / 2 for unit, similarity in passages.items()}

    def _sentence_ids(self, article_id: str, index: int) -> list[str]:
        editions = self._articles[article_id].editions.values()
        return [_sentence_id(article_id, edition, edition.sentences[index]) for edition in editions]

    def _measure_background(self) -> Background:
        similarities: dict[Language, list[float]] = {language: [] for language in UNRELATED}
        for id_, vector in self._index.vectors("questions").items():
            language = cast("Language", id_.partition(":")[0])
            similarities[language].append(self._index.search("sentences", vector, 1)[0][1])
        return Background.of(similarities)


class _Words:
    """Lexical search of the editions in one language."""

    def __init__(self, articles: Sequence[Article], passages: Sequence[Passage], language: Language) -> None:
        written = [passage for passage in passages if passage.language == language]
        self._units: list[_Unit] = [(passage.article_id, passage.sentences) for passage in written]
        self._passages = Lexicon([passage.text for passage in written], language)
        editions = [(article.id, article.editions[language]) for article in articles if language in article.editions]
        sentences = [(article_id, sentence) for article_id, edition in editions for sentence in edition.sentences]
        self._places = {(article_id, sentence.index): at for at, (article_id, sentence) in enumerate(sentences)}
        self._sentences = Lexicon([sentence.text for _, sentence in sentences], language)

    def passage_scores(self, question: str) -> dict[_Unit, float]:
        """BM25 of each passage."""
        return dict(zip(self._units, self._passages.scores(question).tolist(), strict=True))

    def sentence_scores(self, question: str, wanted: Iterable[_Place]) -> dict[_Place, tuple[float, float]]:
        """BM25 and overlap of each wanted sentence that has an edition in this language."""
        scores, overlaps = self._sentences.scores(question), self._sentences.overlaps(question)
        places = {place: self._places[place] for place in wanted if place in self._places}
        return {place: (float(scores[at]), float(overlaps[at])) for place, at in places.items()}


def _best(scores: Mapping[_Unit, float], k: int) -> list[_Unit]:
    return sorted(scores, key=lambda unit: -scores[unit])[:k]


def _fused(dense: Mapping[_Unit, float], bm25: Mapping[_Unit, float]) -> dict[_Unit, float]:
    """Min-max fusion of the two scores over the candidates, 0 to 1; dense alone where words find nothing."""
    if not dense:
        return {}
    low, high = min(dense.values()), max(dense.values())
    scaled = {unit: (value - low) / ((high - low) or 1.0) for unit, value in dense.items()}
    top = max(bm25.get(unit, 0.0) for unit in dense)
    if top <= 0:
        return scaled
    return {
        unit: DENSE_WEIGHT * value + (1 - DENSE_WEIGHT) * bm25.get(unit, 0.0) / top for unit, value in scaled.items()
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
