#!/usr/bin/python3
"""A vision transformer of random weights in PyTorch, to compare sizes by.

	tests/bench/torch_vit.py time THREADS WIDTH DEPTH HEADS MLP IMAGE PATCH CLASSES
	tests/bench/torch_vit.py export FILE.onnx WIDTH DEPTH HEADS MLP IMAGE PATCH CLASSES

time prints the seconds of one forward pass of one picture, the median of some; export
writes it for ONNX Runtime.
"""
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, width, heads, mlp):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, mlp), nn.Linear(mlp, width)

    def forward(self, x):
        n, tokens, width = x.shape
        head = width // self.heads
        q, k, v = self.qkv(self.norm1(x)).reshape(n, tokens, 3, self.heads, head).permute(2, 0, 3, 1, 4).unbind(0)
        p = torch.softmax(q @ k.transpose(-2, -1) * head**-0.5, dim=-1)
        x = x + self.proj((p @ v).transpose(1, 2).reshape(n, tokens, width))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class ViT(nn.Module):
    def __init__(self, width, depth, heads, mlp, image, patch, classes):
        super().__init__()
        self.patch = nn.Conv2d(3, width, patch, patch)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.position = nn.Parameter(torch.zeros(1, 1 + (image // patch) ** 2, width))
        self.blocks = nn.Sequential(*(Block(width, heads, mlp) for _ in range(depth)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, pixels):
        x = self.patch(pixels).flatten(2).transpose(1, 2)
        x = self.blocks(torch.cat([self.token, x], dim=1) + self.position)
        return self.head(self.norm(x[:, 0]))


def main():
    if len(sys.argv) != 10 or sys.argv[1] not in ("time", "export"):
        sys.exit(__doc__)
    sizes = [int(a) for a in sys.argv[3:]]
    torch.manual_seed(1)
    model = ViT(*sizes).eval()
    pixels = torch.randn(1, 3, sizes[4], sizes[4])
    with torch.inference_mode():
        if sys.argv[1] == "export":
            torch.onnx.export(model, pixels, sys.argv[2], opset_version=14)
            return
        torch.set_num_threads(int(sys.argv[2]))
        seconds = []
        for _ in range(31):
            start = time.perf_counter()
            model(pixels)
            seconds.append(time.perf_counter() - start)
    print(sorted(seconds)[len(seconds) // 2])


if __name__ == "__main__":
    main()
