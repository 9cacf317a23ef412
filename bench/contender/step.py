"""A peer's training step of the dense or the convolutional model, timed on request.

Reads lines `<steps>` from standard input and answers each with the milliseconds of that many steps, one JSON list a
line; the first line it prints says what it is. The work is that of bench/models.ts.

usage: step.py jax|torch|torch-fused|torch-compile  dense|cnn  <rows>  <threads>
"""

import json
import sys
import time

peer, work, rows, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
SIZES = [1024, 512, 256, 12]
CHANNELS = [3, 16, 32]
HEADS = 12 if work == "dense" else 10


def jax_step():
    import os

    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'} intra_op_parallelism_threads={threads}"
    import jax
    import jax.numpy as jnp
    import numpy as np
    import optax

    random = np.random.default_rng(0)
    weight = lambda *shape: (random.standard_normal(shape) * 0.05).astype("float32")
    if work == "dense":
        params = [(weight(a, b), np.zeros(b, "float32")) for a, b in zip(SIZES, SIZES[1:])]
        x = random.standard_normal((rows, SIZES[0])).astype("float32")

        def forward(params, x):
            for w, b in params[:-1]:
                x = jax.nn.relu(x @ w + b)
            return x @ params[-1][0] + params[-1][1]

    else:
        params = [(weight(3, 3, a, b), np.zeros(b, "float32")) for a, b in zip(CHANNELS, CHANNELS[1:])]
        params.append((weight(8 * 8 * CHANNELS[-1], HEADS), np.zeros(HEADS, "float32")))
        x = random.standard_normal((rows, 32, 32, 3)).astype("float32")

        def forward(params, x):
            for w, b in params[:-1]:
                x = jax.lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
                x = jax.lax.reduce_window(jax.nn.relu(x + b), -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
            return x.reshape(rows, -1) @ params[-1][0] + params[-1][1]

    y = (random.random((rows, HEADS)) < 0.5).astype("float32")
    m = (random.random((rows, HEADS)) < 0.5).astype("float32")

    def loss(params, x, y, m):
        return jnp.sum(optax.sigmoid_binary_cross_entropy(forward(params, x), y) * m) / jnp.sum(m)

    optimizer = optax.adam(1e-3)

    def update(params, state, x, y, m):
        value, gradients = jax.value_and_grad(loss)(params, x, y, m)
        updates, state = optimizer.update(gradients, state)
        return optax.apply_updates(params, updates), state, value

    compiled = jax.jit(update, donate_argnums=(0, 1))
    held = [jax.device_put(params), optimizer.init(params)]
    batch = [jax.device_put(value) for value in (x, y, m)]

    def step():
        held[0], held[1], value = compiled(held[0], held[1], *batch)
        value.block_until_ready()

    return step, f"JAX {jax.__version__} + Optax {optax.__version__}, jit"


def torch_step():
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    if work == "dense":
        layers = []
        for a, b in zip(SIZES, SIZES[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        model = nn.Sequential(*layers[:-1])
        x = torch.randn(rows, SIZES[0])
    else:
        layers = []
        for a, b in zip(CHANNELS, CHANNELS[1:]):
            layers += [nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(8 * 8 * CHANNELS[-1], HEADS))
        x = torch.randn(rows, 3, 32, 32)
    y = (torch.rand(rows, HEADS) < 0.5).float()
    m = (torch.rand(rows, HEADS) < 0.5).float()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=peer != "torch" or None)
    criterion = nn.BCEWithLogitsLoss(reduction="none")

    def loss(x, y, m):
        return (criterion(model(x), y) * m).sum() / m.sum()

    compute = torch.compile(loss) if peer == "torch-compile" else loss

    def step():
        optimizer.zero_grad(set_to_none=True)
        compute(x, y, m).backward()
        optimizer.step()

    form = {"torch": "Adam", "torch-fused": "fused Adam", "torch-compile": "torch.compile, fused Adam"}[peer]
    return step, f"PyTorch {torch.__version__}, {form}"


step, name = jax_step() if peer == "jax" else torch_step()
for _ in range(5):
    step()
print(json.dumps(name), flush=True)
for line in sys.stdin:
    times = []
    for _ in range(int(line)):
        started = time.perf_counter()
        step()
        times.append((time.perf_counter() - started) * 1e3)
    print(json.dumps(times), flush=True)
