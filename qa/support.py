"""Does what is cited support a sentence? For sentences that a chat model wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from qa.cross_encoder import END, START, CrossEncoder
from qa.evidence import probability
from qa.language import detect_language
from qa.lexical import Lexicon, spaced
from qa.mentions import Mentions, missing
from qa.sentences import split_sentences
from qa.settings import Settings
from qa.types import Passage, SupportLabel

if TYPE_CHECKING:
    from qa.embedding import Embedder

_NEGATED = re.compile(
    r"\b(?:ne|n[’'](?=\w)|pas|jamais|aucune?|ni|sans|not|no|never|neither|nor|without|n[’']t)\b|n[’']t\b", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_]+")
_CLAUSE = re.compile(r"[;()–—«»“”]|[,:](?!\d)")
_QUOTE = 5
"""Words from which a sentence that is made of a passage's own, in their order, is supported by it."""
TURNS = frozenset(
    "ne n pas jamais aucun aucune ni sans non si nié nient nie démenti selon probablement peut pourrait pourraient "
    "serait seraient aurait auraient not no t never neither nor without if unless denied deny denies according "
    "probably may might could would should allegedly reportedly claims claimed claim alleges alleged affirme affirment "
    "prétend prétendent faux fausse false nobody personne rien nothing".split()
)
"""Words that, left out, make another statement of the rest."""
_SENTENCES_AT_ONCE = 12
_CLAIM_TOKENS = 96
_CITED_TOKENS = 300


@dataclass(frozen=True, slots=True)
class Support:
    """Whether passages support a sentence."""

    label: SupportLabel
    score: float
    """Estimated probability that they do, 0 to 1."""
    missing: tuple[str, ...] = ()
    """Numbers, dates and names of the sentence that no passage mentions."""


class Checker:
    """Checks sentences against passages, in French or English, the same language or not. Safe in several threads."""

    def __init__(
        self,
        embedder: Embedder | None = None,
        network: CrossEncoder | None = None,
        weights: Mapping[str, Any] | None = None,
    ) -> None:
        """`embedder`: the one in use; None loads the bundled one. `weights` replace the fitted ones.

        `network`: None opens the one that comes with Passage; it is loaded at the first check.
        """
        if embedder is None:
            from qa.embedding import SentenceTransformerEmbeddings

            embedder = SentenceTransformerEmbeddings(Settings())
        self._embedder = embedder
        self._network = network or CrossEncoder.open("checker.onnx", Settings(), embedder)
        fitted = weights or json.loads((files("qa") / "weights.json").read_text(encoding="utf-8"))["support"]
        self._models: Mapping[str, Mapping[str, float]] = fitted["models"]
        self.weak_from: Mapping[str, float] = fitted["weak"]
        """Score from which a sentence is not unsupported, "within" a language and "across" two."""
        self.supported_from: Mapping[str, float] = fitted["supported"]

    def check(self, sentence: str, passages: Sequence[str | Passage]) -> Support:
        """Whether `passages`, taken together, support `sentence`; without a passage nothing does."""
        texts = [passage.text if isinstance(passage, Passage) else passage for passage in passages]
        texts = [text for text in texts if text.strip()]
        if not texts or not any(character.isalnum() for character in sentence):
            return Support("unsupported", 0.0)
        if any(_quotes(sentence, text) for text in texts):
            return Support("supported", 1.0)
        absent = missing(sentence, texts)
        features = self._features(sentence, texts, absent)
        case = "across" if features["across"] else "within"
        score = probability(self._models[case], features)
        words = absent.words(detect_language(sentence).language)
        label: SupportLabel = "weak"
        if score < self.weak_from[case]:
            label = "unsupported"
        elif score >= self.supported_from[case] and not (absent.numbers or absent.dates):
            label = "supported"
        return Support(label, score, words)

    def features(self, claim: str, passages: Sequence[str]) -> dict[str, float]:
        """What tells whether `passages` support `claim`, by name."""
        return self._features(claim, passages, missing(claim, passages))

    def _features(self, claim: str, passages: Sequence[str], absent: Mentions) -> dict[str, float]:
        split = [sentence.text for passage in passages for sentence in split_sentences(passage)]
        sentences = (split or list(passages))[:_SENTENCES_AT_ONCE]  # an address, or a number, is no sentence
        vectors = self._embedder.encode_documents([claim, *(spaced(sentence) for sentence in sentences)])
        similarities = vectors[1:] @ vectors[0]
        nearest = sentences[int(similarities.argmax())]
        languages = [detect_language(text).language for text in (claim, " ".join(sentences))]
        within = languages[0] == languages[1]
        negations = [len(_NEGATED.findall(text)) > 0 for text in (claim, nearest)]
        return {
            "entailment": max(self._entailments(claim, sentences)),
            "similarity": float(similarities.max()),
            "overlap": float(Lexicon(sentences, languages[0]).overlaps(claim).max()) if within else 0.0,
            "missing_numbers": float(min(2, len(absent.numbers))),
            "missing_dates": float(min(2, len(absent.dates))),
            "missing_names": float(min(3, len(absent.names))),
            "negated_more": float(negations[0] and not negations[1]),
            "negated_less": float(negations[1] and not negations[0]),
            "across": float(not within),
        }

    def _entailments(self, claim: str, sentences: Sequence[str]) -> Iterator[float]:
        """Log-odds that runs of `sentences`, as many at once as _CITED_TOKENS hold, support `claim`."""
        claimed = self._network.encode(claim).ids[:_CLAIM_TOKENS]
        cited: list[int] = []
        for sentence in sentences:
            ids = [*self._network.encode(sentence).ids[:_CITED_TOKENS], END]
            if cited and len(cited) + len(ids) > _CITED_TOKENS:
                yield self._entailment(claimed, cited)
                cited = []
            cited += ids
        yield self._entailment(claimed, cited)

    def _entailment(self, claim: Sequence[int], cited: Sequence[int]) -> float:
        """What the first token says of the whole, and the least supported token of the claim, by a soft minimum."""
        scores = self._network.scores([START, *claim, END, *cited])
        return float(scores[0, 0] - np.logaddexp.reduce(-scores[1 : len(claim) + 1, 1]))


def _quotes(sentence: str, passage: str) -> bool:
    """Whether a sentence is a passage's own words in their order, with only whole clauses left out.

    None of the words left out may turn the statement round, like "not" or "according to".
    """
    words = _WORD.findall(sentence.lower())
    clauses = [_WORD.findall(clause) for clause in _CLAUSE.split(passage.lower())]
    own = [(word, place == 0) for clause in clauses for place, word in enumerate(clause)]
    at, left_out = 0, []
    for number, wanted in enumerate(words):
        skipped = at
        while at < len(own) and own[at][0] != wanted:
            at += 1
        if at == len(own) or (at > skipped and (number == 0 or not own[at][1])):
            return False
        left_out += own[skipped:at]
        at += 1
    if at < len(own) and not own[at][1]:
        return False
    return len(words) >= _QUOTE and not TURNS.intersection(word for word, _ in (*left_out, *own[at:]))
