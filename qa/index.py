"""One version of the vector index: a folder of Chroma's, with a manifest, written once and checked at opening.

The only module that imports chromadb. Which version is in use, and who may write one, is told in store.py.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from qa.errors import StoreDamaged, StoreNotWritable

if TYPE_CHECKING:
    import numpy as np
    from chromadb.api.models.Collection import Collection
    from numpy.typing import NDArray

    from qa.embedding import Embedder

Kind: TypeAlias = Literal["passages", "sentences", "questions"]
KINDS: tuple[Kind, ...] = ("passages", "sentences", "questions")
"""Questions are embedded as questions, the others as documents."""

FORMAT = 2
"""Raised when versions written before can't be read any more."""

VARIABLE = "PASSAGE_DATA_DIR"
_BATCH = 64
# Chroma's own defaults find 0.9875 of the ten nearest of real e5 vectors, these all of them.
_HNSW = {"space": "cosine", "ef_construction": 200, "ef_search": 400, "max_neighbors": 32}


@dataclass(frozen=True, slots=True)
class Record:
    """A text to index; `id` is unique among the records of its kind."""

    kind: Kind
    id: str
    text: str


Text: TypeAlias = tuple[bool, str]
"""Whether a text is a question, and the text: a question's vector differs from a document's."""

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the number of texts embedded and the number to embed."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a complete version holds, to be checked at opening."""

    format: int
    fingerprint: str
    supersedes: str
    """Equal for the versions of which only the newest is wanted."""
    counts: Mapping[str, int]
    files: Mapping[str, str]
    """SHA-256 of Chroma's vector files, which crash the process when they are damaged."""
    probe_id: str
    probe: Sequence[float]
    """A sentence's vector, which must find itself."""


class Index:
    """A version of the index, open for reading. Any number of processes may read at once."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        """Open and check the version in `folder`. Raises StoreDamaged or StoreNotWritable."""
        self.folder = folder
        self.fingerprint = fingerprint
        try:
            manifest = read_manifest(folder)
            _check_files(folder, manifest)
        except (OSError, ValueError, TypeError, sqlite3.Error) as error:
            raise StoreDamaged(path=folder, cause=error) from error
        if not os.access(folder, os.W_OK):
            cause = "Chroma needs to write in the folder of an index, even to read it"
            raise StoreNotWritable(path=folder, cause=cause, variable=VARIABLE)
        try:
            self._client = _client(folder)
            self._collections = {kind: self._client.get_collection(kind, embedding_function=None) for kind in KINDS}
            self._counts = dict(manifest.counts)
            self._check_contents(manifest)
        except StoreDamaged:
            raise
        except Exception as error:  # Chroma raises its own kinds, and sqlite's
            raise StoreDamaged(path=folder, cause=error) from error

    def count(self, kind: Kind) -> int:
        """Number of records of a kind; a version never changes, so it is that of the manifest."""
        return self._counts[kind]

    def search(self, kind: Kind, vector: NDArray[np.float32], k: int) -> list[tuple[str, float]]:
        """The `k` nearest records: id and cosine similarity (-1 to 1), highest first."""
        limit = min(k, self.count(kind))
        found = self._collections[kind].query(query_embeddings=[vector], n_results=limit, include=["distances"])
        distances = (found["distances"] or [[]])[0]
        return [(id_, 1.0 - float(distance)) for id_, distance in zip(found["ids"][0], distances, strict=True)]

    def similarities(self, kind: Kind, vector: NDArray[np.float32], ids: Sequence[str]) -> dict[str, float]:
        """Cosine similarity of `vector` (of unit length) and each of the records named."""
        import numpy as np

        if not ids:
            return {}
        found = self._collections[kind].get(ids=list(ids), include=["embeddings"])
        vectors = np.asarray(found["embeddings"], dtype=np.float32)
        values = vectors @ vector / np.linalg.norm(vectors, axis=1)
        return dict(zip(found["ids"], values.tolist(), strict=True))

    def vectors(self, kind: Kind) -> dict[str, NDArray[np.float32]]:
        """The vector of every record of a kind, by id."""
        import numpy as np

        found = self._collections[kind].get(include=["embeddings"])
        return dict(zip(found["ids"], np.asarray(found["embeddings"], dtype=np.float32), strict=True))

    def vectors_by_text(self) -> Iterator[tuple[Text, NDArray[np.float32]]]:
        """Each text with its vector, for a new version of the same model to take over."""
        import numpy as np

        for kind, collection in self._collections.items():
            for offset in range(0, collection.count(), 1000):
                found = collection.get(limit=1000, offset=offset, include=["embeddings", "documents"])
                vectors = np.asarray(found["embeddings"], dtype=np.float32)
                texts = ((kind == "questions", text) for text in found["documents"] or [])
                yield from zip(texts, vectors, strict=True)

    def close(self) -> None:
        """Let go of the files."""
        self._client.close()

    def _check_contents(self, manifest: Manifest) -> None:
        import numpy as np

        for kind in KINDS:
            found = self._collections[kind].count()
            if found != manifest.counts[kind]:
                cause = f"{found} {kind}, {manifest.counts[kind]} expected"
                raise StoreDamaged(path=self.folder, cause=cause)
        probe = np.asarray(manifest.probe, dtype=np.float32)
        nearest = self.search("sentences", probe, 1)
        if not nearest or nearest[0][1] < 0.999:
            raise StoreDamaged(path=self.folder, cause="a known sentence does not find itself")


def text_of(record: Record) -> Text:
    """What a vector is remembered by."""
    return record.kind == "questions", record.text


def _client(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    return chromadb.PersistentClient(path=str(folder), settings=ChromaSettings(anonymized_telemetry=False))


def fill(
    folder: Path,
    records: Sequence[Record],
    embedder: Embedder,
    known: dict[Text, NDArray[np.float32]],
    progress: Progress | None,
) -> int:
    """Write every record; the number of texts that had to be embedded."""
    new = list(dict.fromkeys(text for text in map(text_of, records) if text not in known))
    with closing(_client(folder)) as client:
        collections: dict[Kind, Collection] = {
            kind: client.create_collection(kind, embedding_function=None, configuration={"hnsw": _HNSW})
            for kind in KINDS
        }
        for first in range(0, len(new), _BATCH):
            batch = new[first : first + _BATCH]
            questions, documents = [text for text in batch if text[0]], [text for text in batch if not text[0]]
            for texts, encode in ((questions, embedder.encode_queries), (documents, embedder.encode_documents)):
                if texts:
                    known.update(zip(texts, encode([text for _, text in texts]), strict=True))
            if progress:
                progress(first + len(batch), len(new))
        for kind, collection in collections.items():
            of_kind = [record for record in records if record.kind == kind]
            for first in range(0, len(of_kind), 1000):
                part = of_kind[first : first + 1000]
                collection.add(
                    ids=[record.id for record in part],
                    embeddings=[known[text_of(record)] for record in part],
                    documents=[record.text for record in part],
                )
    return len(new)


def make_manifest(folder: Path, records: Sequence[Record], fingerprint: str, supersedes: str) -> Manifest:
    """The manifest of a version that has just been filled."""
    import numpy as np

    with closing(_client(folder)) as client:
        collection = client.get_collection("sentences", embedding_function=None)
        found = collection.get(limit=1, include=["embeddings"])
        probe = np.asarray(found["embeddings"], dtype=np.float32)[0]
    return Manifest(
        format=FORMAT,
        fingerprint=fingerprint,
        supersedes=supersedes,
        counts={kind: sum(record.kind == kind for record in records) for kind in KINDS},
        files={str(file.relative_to(folder)): _digest(file) for file in _vector_files(folder)},
        probe_id=found["ids"][0],
        probe=[round(float(value), 6) for value in probe],
    )


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a version. Raises OSError, ValueError or TypeError."""
    manifest = Manifest(**json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
    if manifest.format != FORMAT:
        raise ValueError(f"format {manifest.format}, {FORMAT} expected")
    return manifest


def _check_files(folder: Path, manifest: Manifest) -> None:
    """Raise ValueError, OSError or sqlite3.Error where Chroma would fail in silence, or take the process with it."""
    found = {str(file.relative_to(folder)): _digest(file) for file in _vector_files(folder)}
    if found != manifest.files:
        wrong = sorted(name for name in {*found, *manifest.files} if found.get(name) != manifest.files.get(name))
        raise ValueError(f"{wrong[0]} is not as it was written")
    database = folder / "chroma.sqlite3"
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise ValueError(f"chroma.sqlite3: {verdict}")
        connection.execute("SELECT 1 FROM collections LIMIT 1")


def _vector_files(folder: Path) -> Iterator[Path]:
    """The vector files that Chroma reads. Those of a small collection it makes anew from its database each time."""
    for written in sorted(folder.glob("*/index_metadata.pickle")):
        yield from sorted(written.parent.iterdir())


def _digest(file: Path) -> str:
    digest = sha256()
    with file.open("rb") as stream:
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()
