"""JAX and Optax, compiled as one function of parameters, state and batch: the ceiling of what compiling gives."""

import jax
import jax.numpy as jnp
import optax
from jax import lax

from .serve import serve

LOSSES = {
    "binaryCrossentropy": optax.sigmoid_binary_cross_entropy,
    "sparseCategoricalCrossentropy": lambda out, y: optax.softmax_cross_entropy_with_integer_labels(out, y[:, 0])[:, None],
    "smoothL1": lambda out, y: optax.huber_loss(out, y).mean(1, keepdims=True),
}
IMAGE, SEQUENCE = ("NHWC", "HWIO", "NHWC"), ("NWC", "WIO", "NWC")


def normalize(x, w, axes):
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + 1e-3) * w["gamma"] + w["beta"], (mean.ravel(), variance.ravel())


def apply(layer, w, x, key, statistics):
    """What a layer makes of x, and the moving statistics that it has after that."""
    match layer["type"]:
        case "dense":
            x = x @ w["kernel"] + w["bias"]
        case "relu":
            x = jax.nn.relu(x)
        case "conv2d":
            x = lax.conv_general_dilated(x, w["kernel"], (1, 1), "SAME", dimension_numbers=IMAGE)
        case "conv1d":
            x = lax.conv_general_dilated(x, w["kernel"], (1,), "SAME", dimension_numbers=SEQUENCE) + w["bias"]
        case "embedding":
            x = w["kernel"][x]
        case "layerNorm":
            x, _ = normalize(x, w, (-1,))
        case "batchNorm":
            x, found = normalize(x, w, (0, 1, 2))
            statistics = [0.99 * old + 0.01 * new for old, new in zip(statistics, found)]
        case "dropout":
            x = jnp.where(jax.random.bernoulli(key, 1 - layer["rate"], x.shape), x / (1 - layer["rate"]), 0)
        case "maxPool2d":
            x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        case "globalAverage2d":
            x = x.mean((1, 2))
        case "globalMax1d":
            x = x.max(1)
    return x, statistics


def build(given):
    work, rows = given.work, given.work["rows"]
    chains = {name: given.layers(None if name == "trunk" else name) for name in ["trunk", *given.heads]}
    params = {name: {place: given.weights(place) for place, _ in layers} for name, layers in chains.items()}
    normalized = [place for place, layer in chains["trunk"] if layer["type"] == "batchNorm"]
    statistics = {place: [0 * params["trunk"][place]["beta"], params["trunk"][place]["gamma"]] for place in normalized}
    rate = work["learningRate"]
    optimizer = {"adam": optax.adam(rate), "adamw": optax.adamw(rate, weight_decay=0.01)}[work["optimizer"]]
    clip = optax.clip_by_global_norm(work["clip"]) if "clip" in work else optax.identity()

    def run(name, params, x, key, statistics):
        after = dict(statistics)
        for at, (place, layer) in enumerate(chains[name]):
            x, found = apply(layer, params[name][place], x, jax.random.fold_in(key, at), statistics.get(place))
            if found is not None:
                after[place] = found
        return x, after

    def loss(params, statistics, key, x, known):
        shared, statistics = run("trunk", params, x, key, statistics)
        of_heads = [
            jnp.sum(LOSSES[given.head(name)["loss"]](run(name, params, shared, key, {})[0], y) * mask)
            for name, (y, mask) in known.items()
        ]
        return sum(of_heads) / rows, statistics

    def update(params, states, statistics, key, x, known):
        """A head without a label in the batch is in none of them: it does not move, as it does not with None in PyTorch."""
        (value, statistics), gradients = jax.value_and_grad(loss, has_aux=True)(params, statistics, key, x, known)
        gradients, _ = clip.update(gradients, clip.init(params))
        moved = {name: optimizer.update(gradients[name], states[name], params[name]) for name in params}
        params = optax.apply_updates(params, {name: change for name, (change, _) in moved.items()})
        return params, {name: state for name, (_, state) in moved.items()}, statistics, jax.random.fold_in(key, 1), value

    step = jax.jit(update, donate_argnums=(0, 1, 2, 3))
    batches = list(given.batches(jax.device_put))
    params = jax.device_put(params)
    states = {name: optimizer.init(part) for name, part in params.items()}
    statistics, key = jax.device_put(statistics), jax.random.key(0)

    def train(numbers):
        nonlocal statistics, key
        for number in numbers:
            x, known = batches[number]
            some = ["trunk", *known]
            moved, stepped, statistics, key, value = step(
                {name: params[name] for name in some}, {name: states[name] for name in some}, statistics, key, x, known
            )
            params.update(moved)
            states.update(stepped)
        return value.block_until_ready()

    return f"JAX {jax.__version__} + Optax {optax.__version__}", train


serve(build)
