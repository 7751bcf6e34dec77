"""The vector index: Chroma, one folder per version, checked at opening. The only module that imports chromadb.

    data_dir/
      write.lock            held by the one process that writes
      versions.json         fingerprint -> folder, replaced in one step when a version is complete
      index-<id>/           one version: Chroma's files, and manifest.json, written last

A fingerprint covers the embedding model, the way texts are split and every edition's content. A version is never
changed after it is complete: an article or a model that changes gets a new one, which takes over the vectors of texts
that have not changed, and readers go on with the old one until then.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import filelock

from qa.errors import StoreDamaged, StoreFull, StoreLocked, StoreNotWritable

if TYPE_CHECKING:
    import numpy as np
    from chromadb.api.models.Collection import Collection
    from numpy.typing import NDArray

    from qa.embedding import Embedder

logger = logging.getLogger(__name__)

Kind: TypeAlias = Literal["passages", "sentences", "questions"]
KINDS: tuple[Kind, ...] = ("passages", "sentences", "questions")
"""Questions are embedded as questions, the others as documents."""

FORMAT = 2
"""Raised when versions written before can't be read any more."""

_VARIABLE = "PASSAGE_DATA_DIR"
_NEEDED_MB = 50
_BATCH = 64
# Chroma's own defaults find 0.9875 of the ten nearest of real e5 vectors, these all of them.
_HNSW = {"space": "cosine", "ef_construction": 200, "ef_search": 400, "max_neighbors": 32}


@dataclass(frozen=True, slots=True)
class Record:
    """A text to index; `id` is unique among the records of its kind."""

    kind: Kind
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What making a version took."""

    records: int
    embedded: int
    """Texts that the model had to embed; the vectors of the others were taken over."""


_Text: TypeAlias = tuple[bool, str]
"""Whether a text is a question, and the text: a question's vector differs from a document's."""

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the number of texts embedded and the number to embed."""


@dataclass(frozen=True, slots=True)
class _Manifest:
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
            manifest = _read_manifest(folder)
            _check_files(folder, manifest)
        except (OSError, ValueError, TypeError, sqlite3.Error) as error:
            raise StoreDamaged(path=folder, cause=error) from error
        if not os.access(folder, os.W_OK):
            cause = "Chroma needs to write in the folder of an index, even to read it"
            raise StoreNotWritable(path=folder, cause=cause, variable=_VARIABLE)
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

    def vectors_by_text(self) -> Iterator[tuple[_Text, NDArray[np.float32]]]:
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

    def _check_contents(self, manifest: _Manifest) -> None:
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


class Store:
    """The data folder: finds the version of a fingerprint, and makes it."""

    def __init__(self, data_dir: Path, lock_timeout: float = 120) -> None:
        self.data_dir = data_dir
        self.lock_timeout = lock_timeout
        self._pointer = data_dir / "versions.json"

    def state(self) -> tuple[int, int] | None:
        """A value that changes whenever a version is completed; None where there is none yet."""
        try:
            status = self._pointer.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

    def find(self, fingerprint: str) -> Path | None:
        """The folder of the complete version with this fingerprint. Raises StoreDamaged or StoreNotWritable."""
        with _told_clearly(self.data_dir):
            name = self._versions().get(fingerprint)
        return self.data_dir / name if name else None

    def build(
        self,
        records: Sequence[Record],
        embedder: Embedder,
        fingerprint: str,
        *,
        supersedes: str,
        rebuild: bool = False,
        progress: Progress | None = None,
    ) -> BuildReport:
        """Make the version with this fingerprint, unless it is there; `rebuild` makes it anew in any case.

        Versions made with the same `supersedes` before are given up once this one is complete. Vectors of texts that
        are there already, made by the same model, are taken over (not when rebuilding).
        Raises StoreLocked, StoreNotWritable, StoreFull or StoreDamaged.
        """
        with _told_clearly(self.data_dir), self._only_writer():
            if not rebuild and self.find(fingerprint):
                return BuildReport(len(records), 0)
            versions = self._recovered() if rebuild else self._versions()
            self._sweep(versions)
            free = shutil.disk_usage(self.data_dir).free // 2**20
            if free < _NEEDED_MB:
                raise StoreFull(path=self.data_dir, cause=f"{free} MB", needed=_NEEDED_MB, variable=_VARIABLE)
            known = {} if rebuild else self._known_vectors(versions, embedder.fingerprint, records)
            folder = Path(tempfile.mkdtemp(prefix="index-", dir=self.data_dir))
            try:
                embedded = _fill(folder, records, embedder, known, progress)
                manifest = _make_manifest(folder, records, fingerprint, f"{embedder.fingerprint}:{supersedes}")
                _write_json(folder / "manifest.json", asdict(manifest))
                kept = {print_: name for print_, name in versions.items() if not self._superseded(name, manifest)}
                _write_json(self._pointer, {**kept, fingerprint: folder.name})
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
        return BuildReport(len(records), embedded)

    def _versions(self) -> dict[str, str]:
        try:
            versions = json.loads(self._pointer.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise StoreDamaged(path=self._pointer, cause=error) from error
        if not isinstance(versions, dict):
            raise StoreDamaged(path=self._pointer, cause="it is not a table of versions")
        return versions

    def _recovered(self) -> dict[str, str]:
        """The versions, read off the folders themselves where versions.json is damaged."""
        try:
            return self._versions()
        except StoreDamaged as error:
            logger.warning("%s", error)
        found = {}
        for folder in self.data_dir.glob("index-*"):
            with suppress(OSError, ValueError, TypeError):
                found[_read_manifest(folder).fingerprint] = folder.name
        return found

    def _superseded(self, name: str, by: _Manifest) -> bool:
        try:
            return _read_manifest(self.data_dir / name).supersedes == by.supersedes
        except (OSError, ValueError, TypeError):
            return True

    def _sweep(self, versions: Mapping[str, str]) -> None:
        """Remove folders that no fingerprint leads to: given up a version ago, or left by a process that died."""
        for folder in self.data_dir.glob("index-*"):
            if folder.name not in versions.values():
                shutil.rmtree(folder, ignore_errors=True)

    def _known_vectors(
        self, versions: Mapping[str, str], model: str, records: Sequence[Record]
    ) -> dict[_Text, NDArray[np.float32]]:
        wanted = {_text_of(record) for record in records}
        known: dict[_Text, NDArray[np.float32]] = {}
        for fingerprint, name in versions.items():
            try:
                if not _read_manifest(self.data_dir / name).supersedes.startswith(f"{model}:"):
                    continue
                with closing(Index(self.data_dir / name, fingerprint)) as index:
                    known.update((text, vector) for text, vector in index.vectors_by_text() if text in wanted)
            except (StoreDamaged, OSError, ValueError, TypeError) as error:
                logger.warning("vectors of %s can't be taken over: %s", name, error)
        return known

    @contextmanager
    def _only_writer(self) -> Iterator[None]:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(self.data_dir / "write.lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            logger.warning(
                "another process is writing in %s: waiting for it, up to %.0f s", self.data_dir, self.lock_timeout
            )
            try:
                lock.acquire(timeout=self.lock_timeout)
            except filelock.Timeout as error:
                raise StoreLocked(path=self.data_dir, seconds=self.lock_timeout) from error
        try:
            yield
        finally:
            lock.release()


def fingerprint_of(*parts: str) -> str:
    """A fingerprint of the model, the splitter and the content named by `parts`."""
    return sha256("\0".join((str(FORMAT), *parts)).encode()).hexdigest()


def _text_of(record: Record) -> _Text:
    return record.kind == "questions", record.text


def _client(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    return chromadb.PersistentClient(path=str(folder), settings=ChromaSettings(anonymized_telemetry=False))


def _fill(
    folder: Path,
    records: Sequence[Record],
    embedder: Embedder,
    known: dict[_Text, NDArray[np.float32]],
    progress: Progress | None,
) -> int:
    """Write every record; the number of texts that had to be embedded."""
    new = list(dict.fromkeys(text for text in map(_text_of, records) if text not in known))
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
                    embeddings=[known[_text_of(record)] for record in part],
                    documents=[record.text for record in part],
                )
    return len(new)


def _make_manifest(folder: Path, records: Sequence[Record], fingerprint: str, supersedes: str) -> _Manifest:
    import numpy as np

    with closing(_client(folder)) as client:
        collection = client.get_collection("sentences", embedding_function=None)
        found = collection.get(limit=1, include=["embeddings"])
        probe = np.asarray(found["embeddings"], dtype=np.float32)[0]
    return _Manifest(
        format=FORMAT,
        fingerprint=fingerprint,
        supersedes=supersedes,
        counts={kind: sum(record.kind == kind for record in records) for kind in KINDS},
        files={str(file.relative_to(folder)): _digest(file) for file in _vector_files(folder)},
        probe_id=found["ids"][0],
        probe=[round(float(value), 6) for value in probe],
    )


def _read_manifest(folder: Path) -> _Manifest:
    manifest = _Manifest(**json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
    if manifest.format != FORMAT:
        raise ValueError(f"format {manifest.format}, {FORMAT} expected")
    return manifest


def _check_files(folder: Path, manifest: _Manifest) -> None:
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


def _write_json(file: Path, value: object) -> None:
    """Replace `file` in one step, after its content is on the disk."""
    new = file.with_name(f"{file.name}.new")
    with new.open("w", encoding="utf-8") as stream:
        json.dump(value, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)


@contextmanager
def _told_clearly(folder: Path) -> Iterator[None]:
    """Turn what the system and Chroma say of the disk into errors that say what to do."""
    try:
        yield
    except Exception as error:
        code = error.errno if isinstance(error, OSError) else None
        text = str(error).lower()
        if code in (errno.ENOSPC, errno.EDQUOT) or "disk is full" in text or "no space left" in text:
            raise StoreFull(path=folder, cause=error, needed=_NEEDED_MB, variable=_VARIABLE) from error
        if isinstance(error, OSError) or "readonly database" in text or "read-only" in text:
            raise StoreNotWritable(path=folder, cause=error, variable=_VARIABLE) from error
        raise
