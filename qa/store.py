"""The data folder: which version of the index belongs to which content, and who may write one.

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
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from qa.errors import StoreDamaged, StoreFull, StoreLocked, StoreNotWritable
from qa.index import (
    FORMAT,
    VARIABLE,
    Index,
    Manifest,
    Progress,
    Record,
    Text,
    fill,
    make_manifest,
    read_manifest,
    text_of,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from qa.embedding import Embedder

logger = logging.getLogger(__name__)

_NEEDED_MB = 50


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What making a version took."""

    records: int
    embedded: int
    """Texts that the model had to embed; the vectors of the others were taken over."""


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
                raise StoreFull(path=self.data_dir, cause=f"{free} MB", needed=_NEEDED_MB, variable=VARIABLE)
            known = {} if rebuild else self._known_vectors(versions, embedder.fingerprint, records)
            folder = Path(tempfile.mkdtemp(prefix="index-", dir=self.data_dir))
            try:
                embedded = fill(folder, records, embedder, known, progress)
                manifest = make_manifest(folder, records, fingerprint, f"{embedder.fingerprint}:{supersedes}")
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
                found[read_manifest(folder).fingerprint] = folder.name
        return found

    def _superseded(self, name: str, by: Manifest) -> bool:
        try:
            return read_manifest(self.data_dir / name).supersedes == by.supersedes
        except (OSError, ValueError, TypeError):
            return True

    def _sweep(self, versions: Mapping[str, str]) -> None:
        """Remove folders that no fingerprint leads to: given up a version ago, or left by a process that died."""
        for folder in self.data_dir.glob("index-*"):
            if folder.name not in versions.values():
                shutil.rmtree(folder, ignore_errors=True)

    def _known_vectors(
        self, versions: Mapping[str, str], model: str, records: Sequence[Record]
    ) -> dict[Text, NDArray[np.float32]]:
        wanted = {text_of(record) for record in records}
        known: dict[Text, NDArray[np.float32]] = {}
        for fingerprint, name in versions.items():
            try:
                if not read_manifest(self.data_dir / name).supersedes.startswith(f"{model}:"):
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
            raise StoreFull(path=folder, cause=error, needed=_NEEDED_MB, variable=VARIABLE) from error
        if isinstance(error, OSError) or "readonly database" in text or "read-only" in text:
            raise StoreNotWritable(path=folder, cause=error, variable=VARIABLE) from error
        raise
