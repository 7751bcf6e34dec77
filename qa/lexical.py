"""Lexical search: BM25 over stems, blind to accents and to missing spaces."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from qa.types import Language

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WORD = re.compile(r"\w+")
_GLUED = re.compile(r"(?<=[a-zà-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")
_FRENCH_QUESTION_WORDS = (
    "combien comment lequel laquelle lesquels lesquelles où pourquoi quand quel quelle quelles quels quoi t il elle "
    "cela ça cette cet si donc lors afin ainsi".split()
)
_SNOWBALL = {"fr": "french", "en": "english"}


def spaced(text: str) -> str:
    """`text` with a space where two words are glued together, as in "deUkraine"."""
    return _GLUED.sub(" ", text)


class Lexicon:
    """BM25 (Robertson; Lucene's variant, k1 1.5, b 0.75) over the texts of one language.

    Words are put in lower case, stemmed with Snowball, stop words left out. A question's word that is written without
    its accents finds the words that have them.
    """

    def __init__(self, texts: Sequence[str], language: Language) -> None:
        import bm25s
        import Stemmer

        self._stemmer = Stemmer.Stemmer(_SNOWBALL[language])
        self._stop_words = _stop_words(language)
        self._unaccented: dict[str, str] = {}
        documents = [self._stems(_words(text)) for text in texts]
        for word in dict.fromkeys(word for text in texts for word in _words(text)):
            self._unaccented.setdefault(_without_accents(word), word)
        self._bm25: Any = bm25s.BM25(method="lucene")
        self._count = len(texts)
        if any(documents):
            self._bm25.index(documents, show_progress=False)
        self._holders: dict[str, list[int]] = {}
        for place, document in enumerate(documents):
            for stem in set(document):
                self._holders.setdefault(stem, []).append(place)

    def terms(self, text: str) -> list[str]:
        """The stems of a question's words, stop words left out, each once."""
        words = (self._unaccented.get(_without_accents(word), word) for word in _words(text))
        return list(dict.fromkeys(self._stems(list(words))))

    def scores(self, question: str) -> NDArray[np.float32]:
        """The BM25 score of each text: shape (number of texts,), from 0."""
        import numpy as np

        terms = [term for term in self.terms(question) if term in self._holders]
        if not terms:
            return np.zeros(self._count, np.float32)
        scores: NDArray[np.float32] = self._bm25.get_scores(terms)
        return scores

    def overlaps(self, question: str) -> NDArray[np.float32]:
        """The share of the question's terms that each text holds, weighted by rarity: shape (number of texts,)."""
        import numpy as np

        terms = self.terms(question)
        shares = np.zeros(self._count, np.float32)
        for term in terms:
            shares[self._holders.get(term, [])] += self._rarity(term)
        return shares / (sum(self._rarity(term) for term in terms) or 1.0)

    def _rarity(self, term: str) -> float:
        """Inverse document frequency as BM25 weighs it; highest where no text has the term."""
        frequency = len(self._holders.get(term, []))
        return math.log(1 + (self._count - frequency + 0.5) / (frequency + 0.5))

    def _stems(self, words: list[str]) -> list[str]:
        kept = [word for word in words if word not in self._stop_words]
        stems: list[str] = self._stemmer.stemWords(kept)
        return stems


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(spaced(text).lower()) if len(word) > 1 or word.isdigit()]


def _without_accents(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


@cache
def _stop_words(language: Language) -> frozenset[str]:
    from bm25s.stopwords import STOPWORDS_EN_PLUS, STOPWORDS_FRENCH

    known = {"fr": (*STOPWORDS_FRENCH, *_FRENCH_QUESTION_WORDS), "en": STOPWORDS_EN_PLUS}
    return frozenset(known[language])
