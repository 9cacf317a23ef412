"""One epoch from a Parquet file with PyTorch as it is usually written: a Dataset, a DataLoader, masked losses.

usage: pipeline.py <file> <workers> <threads>
"""

import json
import sys

import numpy as np
import pyarrow.parquet as pq
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

PLACES, ROWS = 2048, 256


class Molecules(Dataset):
    """Fingerprints as the places that are 1, and standardized labels, NaN where there is none."""

    def __init__(self, file):
        table = pq.read_table(file)
        heads = [name for name in table.column_names if name.endswith("_WT")]
        fingerprints = table["fp"].combine_chunks()
        self.places, self.begins = fingerprints.values.to_numpy(), fingerprints.offsets.to_numpy()
        labels = np.stack([table[name].to_numpy() for name in heads], axis=1)
        self.labels = ((labels - np.nanmean(labels, 0)) / np.nanstd(labels, 0)).astype("float32")

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, row):
        x = np.zeros(PLACES, "float32")
        x[self.places[self.begins[row] : self.begins[row + 1]]] = 1
        return x, self.labels[row]


def main(file, workers, threads):
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    data = Molecules(file)
    loader = DataLoader(data, batch_size=ROWS, shuffle=True, num_workers=workers)
    model = nn.Sequential(
        *(nn.Linear(PLACES, 1024), nn.ReLU(), nn.Dropout(0.25)),
        *(nn.Linear(1024, 512), nn.ReLU(), nn.Dropout(0.25)),
        nn.Linear(512, data.labels.shape[1]),
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True)
    losses = []
    for x, y in loader:
        # Chosen before it is squared: a NaN that is masked afterwards would still be in the gradient.
        loss = torch.where(y.isnan(), 0, model(x) - y).square().sum() / len(x)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    torch.save(model.state_dict(), "/dev/null")
    print(json.dumps({"name": f"PyTorch {torch.__version__}", "loss": torch.stack(losses).mean().item()}))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
