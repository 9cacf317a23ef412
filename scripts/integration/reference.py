"""Runs exported models in ONNX's own reference implementation, and says how far from ours its numbers are.

Takes a folder of NAME.onnx, each beside NAME.json: {"inputs": {…}, "outputs": {…}} of {"dtype", "shape", "values"}.
Prints one line of JSON for each model, or for why it can't be run.
"""

import json
import pathlib
import sys

import numpy
import onnx
from onnx.reference import ReferenceEvaluator


def array(tensor):
    return numpy.array(tensor["values"], dtype=tensor["dtype"]).reshape(tensor["shape"])


def difference(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    known = json.loads(path.with_suffix(".json").read_text())
    names = list(known["outputs"])
    feeds = {name: array(tensor) for name, tensor in known["inputs"].items()}
    found = ReferenceEvaluator(model).run(names, feeds)
    expected = [array(known["outputs"][name]) for name in names]
    for name, one, other in zip(names, found, expected):
        if one.shape != other.shape:
            raise ValueError(f"output '{name}': {one.shape} where {other.shape} is predicted")
    return max(float(numpy.max(numpy.abs(one - other))) for one, other in zip(found, expected))


for path in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")):
    try:
        print(json.dumps({"model": path.stem, "difference": difference(path)}))
    except Exception as error:  # any: it is what is asked
        print(json.dumps({"model": path.stem, "error": f"{type(error).__name__}: {error}"}))
