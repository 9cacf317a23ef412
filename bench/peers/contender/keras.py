"""Keras 3 as its users write it: a model with an output for each head, masks as sample weights, train_on_batch."""

import keras

from .serve import serve

LOSSES = {
    "binaryCrossentropy": lambda: keras.losses.BinaryCrossentropy(from_logits=True),
    "sparseCategoricalCrossentropy": lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "smoothL1": lambda: keras.losses.Huber(),
}


def build_layer(layer, units=None):
    match layer:
        case {"type": "dense", "units": all_units}:
            return keras.layers.Dense(units or all_units)
        case {"type": "conv2d", "filters": filters, "size": size}:
            return keras.layers.Conv2D(filters, size, padding="same", use_bias=False)
        case {"type": "conv1d", "filters": filters, "size": size}:
            return keras.layers.Conv1D(filters, size, padding="same")
        case {"type": "embedding", "words": words, "units": width}:
            return keras.layers.Embedding(words, width)
        case {"type": "batchNorm"}:
            return keras.layers.BatchNormalization()
        case {"type": "layerNorm"}:
            return keras.layers.LayerNormalization(epsilon=1e-3)
        case {"type": "dropout", "rate": rate}:
            return keras.layers.Dropout(rate)
        case {"type": "maxPool2d"}:
            return keras.layers.MaxPooling2D(2)
        case {"type": "globalAverage2d"}:
            return keras.layers.GlobalAveragePooling2D()
        case {"type": "globalMax1d"}:
            return keras.layers.GlobalMaxPooling1D()
        case {"type": "relu"}:
            return keras.layers.ReLU()


def chain(given, layers, x, of=None):
    """Layers one after the other, with their initial weights; of the last those of one of the alike heads, if `of` says which."""
    for at, (place, layer) in enumerate(layers):
        one = of is not None and at == len(layers) - 1
        built = build_layer(layer, 1 if one else None)
        x = built(x)
        for name, value in given.weights(place).items():
            variable = built.embeddings if layer["type"] == "embedding" else getattr(built, name)
            variable.assign(value[..., of : of + 1] if one else value)
    return x


def build(given):
    work = given.work
    ids = "ids" in work["input"]
    inputs = keras.Input(work["input"]["shape"], dtype="int32" if ids else "float32")
    shared = chain(given, given.layers(), inputs)
    outputs, losses = {}, {}
    for head in work["heads"]:
        for at in range(head["count"]):
            name = f"{head['name']}{at}" if head["count"] > 1 else head["name"]
            outputs[name] = chain(given, given.layers(head["name"]), shared, at if head["count"] > 1 else None)
            losses[name] = LOSSES[head["loss"]]()
    model = keras.Model(inputs, outputs)
    settings = {"learning_rate": work["learningRate"], "epsilon": 1e-8, "global_clipnorm": work.get("clip")}
    optimizer = keras.optimizers.AdamW(weight_decay=0.01, **settings) if work["optimizer"] == "adamw" else keras.optimizers.Adam(**settings)
    model.compile(optimizer, loss=losses, jit_compile=True)

    def labels(number):
        """Labels and masks by output: an absent label has weight 0."""
        ys, masks = {}, {}
        for head in work["heads"]:
            y, mask = given.labels(head["name"], number)
            for at in range(head["count"]):
                name = f"{head['name']}{at}" if head["count"] > 1 else head["name"]
                ys[name] = y[:, at : at + 1] if head["loss"] == "binaryCrossentropy" else y
                masks[name] = mask[:, at]
        return ys, masks

    batches = [(given.tensors[f"x/{number}"], *labels(number)) for number in range(work["batches"])]

    def train(numbers):
        model.reset_metrics()
        for number in numbers:
            x, y, mask = batches[number]
            logs = model.train_on_batch(x, y, sample_weight=mask)
        return logs[0] if isinstance(logs, list) else logs

    return f"Keras {keras.__version__} on {keras.backend.backend()}", train


serve(build)
