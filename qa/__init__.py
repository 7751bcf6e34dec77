"""Passage: questions in French or English about an article, answered with cited passages.

    from qa import Engine, ask
    ask("When was the visit announced?")

Names are loaded when they are first used: `import qa` loads no torch, chromadb or gradio.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qa.articles import load_article as load_article
    from qa.articles import load_articles as load_articles
    from qa.citations import short_span as short_span
    from qa.embedding import Embedder as Embedder
    from qa.embedding import SentenceTransformerEmbeddings as SentenceTransformerEmbeddings
    from qa.engine import Engine as Engine
    from qa.engine import ask as ask
    from qa.errors import ArticleError as ArticleError
    from qa.errors import ChatModelError as ChatModelError
    from qa.errors import ChatModelFailed as ChatModelFailed
    from qa.errors import ChatModelNotUsable as ChatModelNotUsable
    from qa.errors import EmptyQuestion as EmptyQuestion
    from qa.errors import ModelError as ModelError
    from qa.errors import QAError as QAError
    from qa.errors import QuestionError as QuestionError
    from qa.errors import QuestionTooLong as QuestionTooLong
    from qa.errors import SettingsError as SettingsError
    from qa.errors import StoreDamaged as StoreDamaged
    from qa.errors import StoreError as StoreError
    from qa.errors import UnknownLanguage as UnknownLanguage
    from qa.evidence import Candidates as Candidates
    from qa.evidence import Evidence as Evidence
    from qa.evidence import Judge as Judge
    from qa.evidence import Judgement as Judgement
    from qa.evidence import LinearJudge as LinearJudge
    from qa.evidence import Weighed as Weighed
    from qa.evidence import probability as probability
    from qa.evidence import question_features as question_features
    from qa.evidence import sentence_features as sentence_features
    from qa.language import detect_language as detect_language
    from qa.reading import Reader as Reader
    from qa.reading import Reading as Reading
    from qa.reading import SentenceReading as SentenceReading
    from qa.reading_judge import Read as Read
    from qa.reading_judge import ReadingJudge as ReadingJudge
    from qa.reading_judge import answer_features as answer_features
    from qa.reading_judge import read_candidates as read_candidates
    from qa.reading_judge import read_features as read_features
    from qa.reading_judge import threshold_for as threshold_for
    from qa.settings import Settings as Settings
    from qa.support import Checker as Checker
    from qa.support import Support as Support
    from qa.types import Answer as Answer
    from qa.types import Article as Article
    from qa.types import Chunk as Chunk
    from qa.types import Citation as Citation
    from qa.types import Edition as Edition
    from qa.types import Hit as Hit
    from qa.types import Language as Language
    from qa.types import Passage as Passage
    from qa.types import Query as Query
    from qa.types import Sentence as Sentence
    from qa.types import ShortAnswer as ShortAnswer
    from qa.types import Statement as Statement
    from qa.types import Usage as Usage

_NAMES = {
    "qa.articles": "load_article load_articles",
    "qa.citations": "short_span",
    "qa.embedding": "Embedder SentenceTransformerEmbeddings",
    "qa.engine": "Engine ask",
    "qa.errors": "ArticleError ChatModelError ChatModelFailed ChatModelNotUsable EmptyQuestion ModelError QAError "
    "QuestionError QuestionTooLong SettingsError StoreDamaged StoreError UnknownLanguage",
    "qa.evidence": "Candidates Evidence Judge Judgement LinearJudge Weighed probability question_features "
    "sentence_features",
    "qa.language": "detect_language",
    "qa.reading": "Reader Reading SentenceReading",
    "qa.reading_judge": "Read ReadingJudge answer_features read_candidates read_features threshold_for",
    "qa.settings": "Settings",
    "qa.support": "Checker Support",
    "qa.types": "Answer Article Chunk Citation Edition Hit Language Passage Query Sentence ShortAnswer Statement Usage",
}
_HOME = {name: module for module, names in _NAMES.items() for name in names.split()}

__version__ = "0.1.0"
__all__ = [*_HOME, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'qa' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
