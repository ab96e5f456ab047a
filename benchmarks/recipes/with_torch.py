"""Digits with PyTorch: python with_torch.py DIGITS.npz SEED"""

import sys

import digits
import torch
from torch import nn

torch.manual_seed(int(sys.argv[2]))
X, Y, X_test, Y_test = map(torch.from_numpy, digits.split(sys.argv[1]))
n_x, n_h, n_y = digits.LAYERS
model = nn.Sequential(nn.Linear(n_x, n_h), nn.ReLU(), nn.Linear(n_h, n_y))
cost = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=digits.RATE)


def epoch():
    # Not a DataLoader, which takes several times as long for data in memory.
    for part in torch.randperm(len(X)).split(digits.BATCH):
        optimizer.zero_grad()
        cost(model(X[part]), Y[part]).backward()
        optimizer.step()


def accuracy():
    with torch.no_grad():
        return (model(X_test).argmax(dim=1) == Y_test).float().mean()


digits.until_good(epoch, accuracy)
