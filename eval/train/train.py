"""Train the reader, or the checker: `python -m eval.train.train DATA --work DIR`; goes on where it stopped.

DATA is the folder with afriqa/ and reading/. Settings are in config.json; log.jsonl is the learning curve.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from eval.train.claims import DrawClaims, read_claims
from eval.train.examples import Draw, Item, Tokens, Window, read_afriqa, read_articles, read_reading
from eval.train.written import HELD_OUT

HERE = Path(__file__).parent
START, END = 0, 2


class Network(nn.Module):
    """multilingual-e5-small with frozen word embeddings and a few numbers for every token: three to read, two to check.

    Reading gives evidence, start and end. The evidence of a sentence is the logsumexp of its tokens' evidence: read at
    the token that closes a sentence instead, it told whether a window answers but not which of its sentences does.

    Checking gives what the first token says of the whole, and what each token of the claim says of itself: a claim is
    supported as far as the least supported of its words is (a soft minimum), and the first token agrees.
    """

    def __init__(self, folder: Path, numbers: int = 3) -> None:
        super().__init__()
        from transformers import AutoModel

        self.encoder = AutoModel.from_pretrained(folder, add_pooling_layer=False)
        for module in self.encoder.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
            if hasattr(module, "dropout_prob"):
                module.dropout_prob = 0.0
        self.encoder.config.attention_probs_dropout_prob = 0.0
        self.words = self.encoder.embeddings.word_embeddings
        self.words.weight.requires_grad_(False)
        self.head = nn.Linear(self.encoder.config.hidden_size, numbers)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Batch x tokens to batch x tokens x numbers."""
        states = self.encoder(inputs_embeds=self.words(ids), attention_mask=mask).last_hidden_state
        scores: torch.Tensor = self.head(states)
        return scores

    def trained(self) -> dict[str, torch.Tensor]:
        """The weights that training changes."""
        fixed = ("words.", "encoder.embeddings.word_embeddings.")
        return {name: value for name, value in self.state_dict().items() if not name.startswith(fixed)}


def batch_of(windows: list[Window]) -> dict[str, torch.Tensor]:
    """Padded tokens; the labels `gold` of sentences (-1: unsure or none), `start`, `end`; `sentence` of each token.

    `sentence` is -2 for the tokens of the question or claim, -1 for those between. A claim's one label is the first.
    `right`: the rows that have the wrong claim beside them in the next.
    """
    right = [row for row, window in enumerate(windows) if window.beside]
    length = max(window.length for window in windows)
    size = (len(windows), length)
    ids, mask = torch.ones(size, dtype=torch.long), torch.zeros(size, dtype=torch.long)
    gold = torch.full((len(windows), max(len(window.sentences) for window in windows)), -1.0)
    sentence_of = torch.full(size, -1)
    start, end = torch.full((len(windows),), -1), torch.full((len(windows),), -1)
    for row, window in enumerate(windows):
        line = [START, *window.question, END]
        sentence_of[row, 1 : len(line) - 1] = -2
        for number, sentence in enumerate(window.sentences):
            at = len(line)
            line += sentence
            sentence_of[row, at : len(line)] = number
            line.append(END)
            if window.span and window.span[0] == number:
                start[row], end[row] = at + window.span[1], at + window.span[2]
        gold[row, : len(window.gold)] = torch.tensor(window.gold)
        ids[row, : len(line)] = torch.tensor(line)
        mask[row, : len(line)] = 1
    labels = {"gold": gold, "sentence": sentence_of, "start": start, "end": end}
    return {"ids": ids, "mask": mask, "right": torch.tensor(right, dtype=torch.long), **labels}


def pooled(scores: torch.Tensor, sentence: torch.Tensor, count: int) -> torch.Tensor:
    """Scores of tokens (batch x tokens) to scores of sentences (batch x count) by logsumexp."""
    belongs = sentence[:, None, :] == torch.arange(count)[None, :, None]
    return scores[:, None, :].masked_fill(~belongs, -1e4).logsumexp(2)


def reading_loss_of(
    network: Network, batch: dict[str, torch.Tensor], config: dict[str, Any]
) -> dict[str, torch.Tensor]:
    """Evidence by sentence, the right sentence among those of its window, and the answer's start and end."""
    scores = network(batch["ids"], batch["mask"])
    gold, inside = batch["gold"], batch["sentence"] >= 0
    evidence = pooled(scores[..., 0], batch["sentence"], gold.shape[1])
    known = gold >= 0
    weights = torch.where(gold == 1, config["positive_weight"], 1.0)
    single = nn.functional.binary_cross_entropy_with_logits(evidence, gold.clamp(min=0), weights, reduction="none")
    losses = {"evidence": single[known].sum() / weights[known].sum()}
    answered = (gold == 1).any(1)
    among = evidence.masked_fill(~known, -1e4)
    right = evidence.masked_fill(gold != 1, -1e4)
    losses["ranking"] = (among.logsumexp(1) - right.logsumexp(1))[answered].sum() / max(1, int(answered.sum()))
    spans = batch["start"] >= 0
    for name, column in (("start", 1), ("end", 2)):
        logits = scores[..., column].masked_fill(~inside, -1e4)[spans]
        losses[name] = nn.functional.cross_entropy(logits, batch[name][spans]) if spans.any() else logits.sum() * 0
    return losses


def checked(scores: torch.Tensor, claim: torch.Tensor) -> torch.Tensor:
    """Scores of tokens (batch x tokens x 2), and which are the claim's, to log-odds that it is supported (batch)."""
    least = -(-scores[..., 1]).masked_fill(~claim, -1e4).logsumexp(1)
    return scores[:, 0, 0] + least


def checking_loss_of(network: Network, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Whether the claim is supported, and more so than the wrong one beside it."""
    odds = checked(network(batch["ids"], batch["mask"]), batch["sentence"] == -2)
    losses = {"support": nn.functional.binary_cross_entropy_with_logits(odds, batch["gold"][:, 0])}
    right = batch["right"]
    if len(right):
        losses["ranking"] = nn.functional.softplus(odds[right + 1] - odds[right]).mean()
    return losses


def loss_of(network: Network, batch: dict[str, torch.Tensor], config: dict[str, Any]) -> dict[str, torch.Tensor]:
    """What is to become small, part by part."""
    return (
        checking_loss_of(network, batch) if config.get("task") == "check" else reading_loss_of(network, batch, config)
    )


def batches(windows: Iterator[Window], tokens: int) -> Iterator[list[Window]]:
    """Windows of like length together, about `tokens` tokens a batch, in random order; those beside come next."""
    import random

    chance = random.Random(0)
    while True:
        pool = sorted(itertools.islice(windows, 512), key=lambda window: window.length)
        ready: list[list[Window]] = [[]]
        for window in pool:
            if ready[-1] and window.length * (len(ready[-1]) + 1) > tokens:
                ready.append([])
            ready[-1] += [window, window.beside] if window.beside else [window]
        chance.shuffle(ready)
        yield from ready


def rate(done: float, config: dict[str, Any]) -> float:
    """Learning rate as a share of the highest: warm-up, then linearly down to `last_rate`. `done` is from 0 to 1."""
    warm: float = config["warmup"]
    if done < warm:
        return done / warm
    last: float = config["last_rate"]
    return 1 - (1 - last) * min(1.0, (done - warm) / (1 - warm))


def read_items(data: Path, written: list[Path], tokens: Tokens) -> list[Item]:
    """Everything that is trained on."""
    items = read_reading(data / "reading", tokens)
    for language in ("fr", "en"):
        items += read_afriqa(data / "afriqa", language, tokens, held_out=False)
    return items + read_articles(written, tokens)


def draw_of(options: argparse.Namespace, config: dict[str, Any]) -> Draw | DrawClaims:
    """What a phase is trained on."""
    tokens = Tokens(options.model / "tokenizer.json")
    shares = config["shares"]
    written = [path for path in sorted((HERE / "written").glob("*.jsonl")) if path != HELD_OUT]
    if not {"written", "claims", "claims-both"} & set(shares):
        written = []
    items = read_items(options.data, written, tokens)
    if config.get("task") == "check":
        return DrawClaims(read_claims(written, tokens), items, tokens, shares)
    return Draw(items, tokens, shares)


def network_of(options: argparse.Namespace, config: dict[str, Any]) -> Network:
    """The network that a phase starts from."""
    checks = config.get("task") == "check"
    network = Network(options.model, 2 if checks else 3)
    if options.start:
        start = torch.load(options.start)
        if len(start["head.bias"]) != len(network.head.bias):  # the reader's encoder, with a head of its own
            start = {name: value for name, value in start.items() if not name.startswith("head.")}
        network.load_state_dict(start, strict=False)
    if config.get("evidence_from_span"):  # the tokens that answer are where the evidence is
        with torch.no_grad():
            network.head.weight[0] = network.head.weight[1:].mean(0)
            network.head.bias[0] = -4.0
    return network


def main() -> None:
    """Train, checkpoint, log."""
    parser = argparse.ArgumentParser(description="Train the reader.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path, required=True, help="folder of the unpacked multilingual-e5-small")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--phase", required=True, help="a phase of config.json")
    parser.add_argument("--start", type=Path, help="weights to start from")
    options = parser.parse_args()
    config = json.loads((HERE / "config.json").read_text(encoding="utf-8"))
    config |= config["phases"][options.phase]
    torch.manual_seed(config["seed"])
    torch.set_num_threads(2)
    options.work.mkdir(parents=True, exist_ok=True)
    network = network_of(options, config)
    head = list(network.head.parameters())
    body = [value for name, value in network.encoder.named_parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": body, "lr": config["lr"]}, {"params": head, "lr": config["head_lr"]}],
        weight_decay=config["weight_decay"],
        fused=True,
    )
    peaks = [group["lr"] for group in optimizer.param_groups]
    checkpoint = options.work / f"{options.phase}.pt"
    step = seen = windows_seen = 0
    if checkpoint.is_file():
        state = torch.load(checkpoint)
        network.load_state_dict(state["weights"], strict=False)
        optimizer.load_state_dict(state["optimizer"])
        step, seen, windows_seen = state["step"], state["seen"], state["windows"]
    stream = batches(draw_of(options, config).windows(config["seed"]), config["batch_tokens"])
    stream = itertools.islice(stream, step, None)
    network.train()
    sums: dict[str, list[float]] = {}
    began = saved = time.time()
    log = (options.work / f"{options.phase}.log.jsonl").open("a", encoding="utf-8")
    for windows in stream:
        done = seen / config["tokens"]
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * rate(done, config)
        losses = loss_of(network, batch_of(windows), config)
        total = sum((config["weights"].get(name, 1.0) * loss for name, loss in losses.items()), torch.zeros(()))
        torch.autograd.backward(total)
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        step += 1
        seen += sum(window.length for window in windows)
        windows_seen += len(windows)
        for name, value in losses.items():
            sums.setdefault(name, []).append(float(value.detach()))
        if step % 25 == 0:
            row = {name: round(sum(values) / len(values), 4) for name, values in sums.items()}
            row |= {"step": step, "tokens": seen, "windows": windows_seen, "seconds": round(time.time() - began)}
            log.write(json.dumps(row | {"phase": options.phase}) + "\n")
            log.flush()
            sums = {}
        finished = seen >= config["tokens"]
        if finished or time.time() - saved > 300:
            state = {"step": step, "seen": seen, "windows": windows_seen}
            state |= {"weights": network.trained(), "optimizer": optimizer.state_dict()}
            torch.save(state, checkpoint.with_suffix(".tmp"))
            checkpoint.with_suffix(".tmp").replace(checkpoint)
            saved = time.time()
        if finished:
            break
    torch.save(network.trained(), options.work / f"{options.phase}.weights.pt")


if __name__ == "__main__":
    main()
