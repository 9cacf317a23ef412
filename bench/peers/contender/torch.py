"""PyTorch, as its experts write it: masked losses without reduction, absent heads left out, gradients set to None."""

import torch
from torch import nn
from torch.nn import functional as F

from .serve import serve

LOSSES = {
    "binaryCrossentropy": lambda out, y: F.binary_cross_entropy_with_logits(out, y, reduction="none"),
    "sparseCategoricalCrossentropy": lambda out, y: F.cross_entropy(out, y[:, 0].long(), reduction="none")[:, None],
    "smoothL1": lambda out, y: F.smooth_l1_loss(out, y, reduction="none").mean(1, keepdim=True),
}
UPDATES = {"plain": {"foreach": False, "fused": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}


class Channels(nn.Module):
    """Channels last to channels first."""

    def forward(self, x):
        return x.movedim(-1, 1)


class Greatest(nn.Module):
    def forward(self, x):
        return x.amax(-1)


def module(layer, weights):
    match layer:
        case {"type": "dense", "units": units}:
            return nn.Linear(len(weights["kernel"]), units), {"weight": weights["kernel"].T, "bias": weights["bias"]}
        case {"type": "conv2d", "filters": filters, "size": size}:
            kernel = weights["kernel"].transpose(3, 2, 0, 1)
            return nn.Conv2d(kernel.shape[1], filters, size, padding="same", bias=False), {"weight": kernel}
        case {"type": "conv1d", "filters": filters, "size": size}:
            kernel = weights["kernel"].transpose(2, 1, 0)
            return nn.Conv1d(kernel.shape[1], filters, size, padding="same"), {"weight": kernel, "bias": weights["bias"]}
        case {"type": "embedding", "words": words, "units": units}:
            return nn.Sequential(nn.Embedding(words, units), Channels()), {"0.weight": weights["kernel"]}
        case {"type": "batchNorm"}:
            return nn.BatchNorm2d(len(weights["gamma"]), eps=1e-3, momentum=0.01), {}
        case {"type": "layerNorm"}:
            return nn.LayerNorm(len(weights["gamma"]), eps=1e-3), {}
        case {"type": "dropout", "rate": rate}:
            return nn.Dropout(rate), {}
        case {"type": "globalAverage2d"}:
            return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), {}
        case {"type": "maxPool2d"}:
            return nn.MaxPool2d(2), {}
        case {"type": "globalMax1d"}:
            return Greatest(), {}
        case {"type": "relu"}:
            return nn.ReLU(), {}


def chain(given, name=None):
    modules = []
    for place, layer in given.layers(name):
        built, weights = module(layer, given.weights(place))
        built.load_state_dict({key: torch.tensor(value) for key, value in weights.items()}, strict=False)
        modules.append(built)
    return nn.Sequential(*modules)


def build_sparse(given):
    """Very many heads as rows of an embedding, which are gathered for the labels there are and move alone."""
    torch.set_num_threads(given.threads)
    (name,), rows, rate = given.heads, given.work["rows"], given.work["learningRate"]
    trunk, start = chain(given), given.weights(f"{name}.0")
    kernel = nn.Embedding.from_pretrained(torch.tensor(start["kernel"].T.copy()), freeze=False, sparse=True)
    bias = nn.Embedding.from_pretrained(torch.tensor(start["bias"][:, None]), freeze=False, sparse=True)
    optimizers = [torch.optim.Adam(trunk.parameters(), lr=rate, fused=True), torch.optim.SparseAdam([kernel.weight, bias.weight], lr=rate)]
    single = lambda batch: [torch.from_numpy(given.tensors[f"{what}/{name}/{batch}"]) for what in ("at", "y")]
    batches = [(torch.from_numpy(given.tensors[f"x/{batch}"]), *single(batch)) for batch in range(given.work["batches"])]

    def train(numbers):
        for number in numbers:
            x, at, y = batches[number]
            out = (trunk(x)[at[:, 0]] * kernel(at[:, 1])).sum(1) + bias(at[:, 1])[:, 0]
            value = F.binary_cross_entropy_with_logits(out, y, reduction="sum") / rows
            for optimizer in optimizers:
                optimizer.zero_grad(set_to_none=True)
            value.backward()
            for optimizer in optimizers:
                optimizer.step()
        return value.detach()

    return f"PyTorch {torch.__version__}", train


def build(given):
    if given.form == "sparse":
        return build_sparse(given)
    torch.set_num_threads(given.threads)
    run, update = given.form.split("-")
    work, rows = given.work, given.work["rows"]
    image = len(work["input"]["shape"]) == 3
    trunk = chain(given)
    heads = nn.ModuleDict({name: chain(given, name) for name in given.heads})
    if image:
        trunk.to(memory_format=torch.channels_last)
    parameters = [*trunk.parameters(), *heads.parameters()]
    optimizer = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[work["optimizer"]](
        parameters, lr=work["learningRate"], **UPDATES[update]
    )
    batches = list(given.batches(torch.from_numpy))
    if image:
        # The same numbers in the same places: channels last is how they lie in memory.
        batches = [(x.permute(0, 3, 1, 2), known) for x, known in batches]

    def loss(x, known):
        shared = trunk(x)
        of_heads = [(LOSSES[given.head(name)["loss"]](heads[name](shared), y) * mask).sum() for name, (y, mask) in known.items()]
        return sum(of_heads) / rows

    compute = torch.compile(loss) if run == "compile" else loss

    def train(numbers):
        for number in numbers:
            optimizer.zero_grad(set_to_none=True)
            value = compute(*batches[number])
            value.backward()
            if "clip" in work:
                nn.utils.clip_grad_norm_(parameters, work["clip"])
            optimizer.step()
        return value.detach()

    return f"PyTorch {torch.__version__}", train


serve(build)
