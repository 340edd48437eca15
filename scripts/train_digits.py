#!/usr/bin/python3
"""Trains examples/digits-vit: a small vision transformer on the UCI digits.

Needs Debian's python3-torch and python3-sklearn (which carries the digits);
two and a half minutes of one core with libopenblas0, eight without. The program
never runs this: what it makes is committed.

    scripts/train_digits.py [--out examples/digits-vit] [--epochs N] [--seed N]

Writes the folder in Hugging Face's `vit` layout, with the held-out and the
calibration pictures and three of them as PNG. Writes nothing when the held-out
accuracy is below 97%.
"""
import argparse
import json
import math
import os
import struct
import sys
import time
import zlib

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

SIZE, PATCH, CHANNELS, CLASSES = 8, 2, 3, 10
WIDTH, DEPTH, HEADS, HIDDEN, EPS = 48, 4, 4, 96, 1e-6
MEAN, STD = 0.305, 0.376  # of the training pictures, whose greys are 0..1
HELD_OUT, CALIBRATION, WANTED = 360, 128, 0.97


class Layer(nn.Module):
    """Names of modules are those of Hugging Face's ViTLayer."""

    def __init__(self):
        super().__init__()
        self.attention = nn.Module()
        self.attention.attention = nn.Module()
        self.attention.attention.query = nn.Linear(WIDTH, WIDTH)
        self.attention.attention.key = nn.Linear(WIDTH, WIDTH)
        self.attention.attention.value = nn.Linear(WIDTH, WIDTH)
        self.attention.output = nn.Module()
        self.attention.output.dense = nn.Linear(WIDTH, WIDTH)
        self.intermediate = nn.Module()
        self.intermediate.dense = nn.Linear(WIDTH, HIDDEN)
        self.output = nn.Module()
        self.output.dense = nn.Linear(HIDDEN, WIDTH)
        self.layernorm_before = nn.LayerNorm(WIDTH, eps=EPS)
        self.layernorm_after = nn.LayerNorm(WIDTH, eps=EPS)

    def attend(self, x):
        def heads(linear):
            return linear(x).unflatten(-1, (HEADS, WIDTH // HEADS)).transpose(1, 2)

        a = self.attention.attention
        scores = heads(a.query) @ heads(a.key).transpose(-1, -2) / math.sqrt(WIDTH // HEADS)
        mixed = scores.softmax(-1) @ heads(a.value)
        return self.attention.output.dense(mixed.transpose(1, 2).flatten(2))

    def forward(self, x):
        x = x + self.attend(self.layernorm_before(x))
        return x + self.output.dense(F.gelu(self.intermediate.dense(self.layernorm_after(x))))


class Embeddings(nn.Module):
    def __init__(self):
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.position_embeddings = nn.Parameter(0.02 * torch.randn(1, 1 + (SIZE // PATCH) ** 2, WIDTH))
        self.patch_embeddings = nn.Module()
        self.patch_embeddings.projection = nn.Conv2d(CHANNELS, WIDTH, PATCH, PATCH)

    def forward(self, pixels):
        x = self.patch_embeddings.projection(pixels).flatten(2).transpose(1, 2)
        return torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1) + self.position_embeddings


class Classifier(nn.Module):
    """Hugging Face's ViTForImageClassification, as far as its weights go."""

    def __init__(self):
        super().__init__()
        self.vit = nn.Module()
        self.vit.embeddings = Embeddings()
        self.vit.encoder = nn.Module()
        self.vit.encoder.layer = nn.ModuleList(Layer() for _ in range(DEPTH))
        self.vit.layernorm = nn.LayerNorm(WIDTH, eps=EPS)
        self.classifier = nn.Linear(WIDTH, CLASSES)

    def forward(self, pixels):
        x = self.vit.embeddings(pixels)
        for layer in self.vit.encoder.layer:
            x = layer(x)
        return self.classifier(self.vit.layernorm(x)[:, 0])


def read_digits():
    """Greys as 8 bits, so that a PNG of a digit gives the very same pixels."""
    digits = load_digits()
    grey = np.rint(digits.images * 255 / 16).astype(np.uint8)
    return train_test_split(grey, digits.target, test_size=HELD_OUT, stratify=digits.target, random_state=0)


def to_pixels(grey):
    x = (torch.from_numpy(grey).float() / 255 - MEAN) / STD
    return x[:, None].repeat(1, CHANNELS, 1, 1)


def augment(x, generator):
    """Shifts of at most one pixel, a little noise; the same in all channels."""
    blank = -MEAN / STD
    padded = F.pad(x[:, :1], (1, 1, 1, 1), value=blank)
    dy, dx = torch.randint(0, 3, (2, len(x), 1, 1), generator=generator)
    rows = dy + torch.arange(SIZE)[None, :, None]
    columns = dx + torch.arange(SIZE)[None, None, :]
    shifted = padded[torch.arange(len(x))[:, None, None], 0, rows, columns][:, None]
    noisy = shifted + 0.1 * torch.randn(shifted.shape, generator=generator)
    return noisy.repeat(1, CHANNELS, 1, 1)


def mixup(x, y, generator):
    weight = float(np.random.default_rng(int(torch.randint(1 << 30, (1,), generator=generator))).beta(0.2, 0.2))
    other = torch.randperm(len(x), generator=generator)
    target = F.one_hot(y, CLASSES).float()
    return weight * x + (1 - weight) * x[other], weight * target + (1 - weight) * target[other]


def train(model, x, y, epochs, seed):
    generator = torch.Generator().manual_seed(seed)
    batch = 96
    steps = epochs * (len(x) // batch)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps, pct_start=0.1)
    start = time.time()
    for epoch in range(epochs):
        order = torch.randperm(len(x), generator=generator)
        for i in range(len(x) // batch):
            chosen = order[i * batch:(i + 1) * batch]
            pixels, target = mixup(augment(x[chosen], generator), y[chosen], generator)
            loss = F.cross_entropy(model(pixels), target, label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        if epoch % 20 == 19:
            print(f"epoch {epoch + 1} of {epochs}: loss {loss.item():.3f}, {time.time() - start:.0f} s", file=sys.stderr)


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(1) == y).float().mean().item()


def write_safetensors(path, tensors):
    kinds = {torch.float32: ("F32", "<f4"), torch.int32: ("I32", "<i4")}
    header, blobs, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name, tensor in tensors.items():
        dtype, numpy_dtype = kinds[tensor.dtype]
        blob = tensor.detach().contiguous().numpy().astype(numpy_dtype).tobytes()
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the data starts aligned
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def write_png(path, grey):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = grey.shape
    rows = b"".join(b"\0" + row.tobytes() for row in grey)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.write("\n")


def model_config():
    return {
        "architectures": ["ViTForImageClassification"],
        "model_type": "vit",
        "hidden_size": WIDTH,
        "num_hidden_layers": DEPTH,
        "num_attention_heads": HEADS,
        "intermediate_size": HIDDEN,
        "hidden_act": "gelu",
        "layer_norm_eps": EPS,
        "image_size": SIZE,
        "patch_size": PATCH,
        "num_channels": CHANNELS,
        "qkv_bias": True,
        "id2label": {str(i): str(i) for i in range(CLASSES)},
        "label2id": {str(i): i for i in range(CLASSES)},
    }


def picture_config():
    return {
        "image_processor_type": "ViTImageProcessor",
        "do_resize": True,
        "size": {"height": SIZE, "width": SIZE},
        "resample": 2,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [MEAN] * CHANNELS,
        "image_std": [STD] * CHANNELS,
    }


def write_example(out, model, held_out, calibration):
    os.makedirs(out, exist_ok=True)
    write_json(f"{out}/config.json", model_config())
    write_json(f"{out}/preprocessor_config.json", picture_config())
    write_safetensors(f"{out}/model.safetensors", model.state_dict())
    for name, (grey, labels) in (("test", held_out), ("calibration", calibration)):
        write_safetensors(f"{out}/{name}.safetensors",
                          {"pixel_values": to_pixels(grey), "labels": torch.from_numpy(labels).int()})
    for digit in (3, 5, 8):
        write_png(f"{out}/{digit}.png", held_out[0][np.flatnonzero(held_out[1] == digit)[0]])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="examples/digits-vit")
    parser.add_argument("--epochs", type=int, default=240)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    torch.use_deterministic_algorithms(True)
    grey, test_grey, labels, test_labels = read_digits()
    x, y = to_pixels(grey), torch.from_numpy(labels)
    model = Classifier()
    train(model, x, y, args.epochs, args.seed)
    reached = accuracy(model, to_pixels(test_grey), torch.from_numpy(test_labels))
    print(f"held-out accuracy {reached:.2%} of {len(test_labels)}, training accuracy {accuracy(model, x, y):.2%}, "
          f"{sum(p.numel() for p in model.parameters())} parameters")
    if reached < WANTED:
        sys.exit(f"below {WANTED:.0%}: nothing was written; try more --epochs or another --seed")
    write_example(args.out, model, (test_grey, test_labels), (grey[:CALIBRATION], labels[:CALIBRATION]))


if __name__ == "__main__":
    main()
