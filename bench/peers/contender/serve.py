"""What the Python contenders share: the work they are given, and how they are asked to train (see ../process.ts)."""

import json
import sys
import time
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file


class Given:
    """A work, its initial parameters and its batches, as bench/peers/data.ts writes them."""

    def __init__(self, folder, threads, form):
        self.work = json.loads(Path(folder, "work.json").read_text())
        self.threads, self.form = int(threads), form
        self.tensors = load_file(Path(folder, "data.safetensors"))
        self.heads = [head["name"] for head in self.work["heads"]]

    def weights(self, place):
        """Parameters of the layer at a place: {"kernel": array, …}."""
        return {name[len(place) + 1 :]: value for name, value in self.tensors.items() if name.startswith(f"{place}.")}

    def layers(self, name=None):
        """(place, layer) of the trunk, or of a head."""
        chain = self.work["trunk"] if name is None else self.head(name)["layers"]
        return [(f"{name or 'trunk'}.{at}", layer) for at, layer in enumerate(chain)]

    def head(self, name):
        return next(head for head in self.work["heads"] if head["name"] == name)

    def labels(self, name, batch):
        """Labels and mask of a head in a batch; single labels are put in their places."""
        y, at = self.tensors[f"y/{name}/{batch}"], self.tensors.get(f"at/{name}/{batch}")
        if at is None:
            return y, self.tensors[f"mask/{name}/{batch}"]
        dense, mask = np.zeros((2, self.work["rows"], self.head(name)["count"]), "float32")
        dense[at[:, 0], at[:, 1]], mask[at[:, 0], at[:, 1]] = y, 1
        return dense, mask

    def batches(self, convert):
        """Batches in their order: x, and {head: (labels, mask)} of the heads that have a label in it."""
        for batch in range(self.work["batches"]):
            known = {name: self.labels(name, batch) for name in self.heads}
            yield (
                convert(self.tensors[f"x/{batch}"]),
                {name: (convert(y), convert(mask)) for name, (y, mask) in known.items() if mask.any()},
            )


def say(**told):
    print(json.dumps(told), flush=True)


def serve(build):
    """`build(given)` answers (name, train); `train(numbers)` takes a step on each batch of those numbers and answers the last loss."""
    given = Given(*sys.argv[1:])
    taken = 0

    def train(count):
        nonlocal taken
        started = time.perf_counter()
        loss = step([at % given.work["batches"] for at in range(taken, taken + count)])
        taken += count
        return {"ms": (time.perf_counter() - started) * 1e3, "loss": float(loss)}

    started = time.perf_counter()
    name, step = build(given)
    loss = train(1)["loss"]
    say(name=name, loss=loss, ms=(time.perf_counter() - started) * 1e3)
    for line in sys.stdin:
        say(**train(int(line)))
