"""The usual recipe of each rival for the digits, as its users write it.

`with_<rival>(path, seed)` trains until 97 % of the test part are right and prints that. A recipe
imports its library itself, since its users wait for that too, and nothing else of this folder.
"""

import numpy as np

LAYERS = (64, 64, 10)
RATE, BATCH, MOST_EPOCHS = 0.003, 64, 100
GOAL, TEST = 0.97, 360


def split(path):
    """Rows to train with and their digits, rows to test with and theirs; float32."""
    with np.load(path) as archive:
        X, digits = (archive["pixels"] / 16).astype(np.float32), archive["labels"].astype(np.int64)
    order = np.random.RandomState(0).permutation(len(X))
    test, train = order[:TEST], order[TEST:]
    return X[train], digits[train], X[test], digits[test]


def until_good(epoch, accuracy):
    """Epochs until the goal is reached on the test part."""
    score, done = 0.0, 0
    while score < GOAL and done < MOST_EPOCHS:
        epoch()
        score, done = float(accuracy()), done + 1
    tell(score, done)


def tell(score, epochs):
    print(f"trained {score:.4f} {epochs}", flush=True)


def with_numpy(path, seed):
    X, Y, X_test, Y_test = split(path)
    X, X_test, one_hot = X.T, X_test.T, np.eye(10, dtype=np.float32)[Y].T
    np.random.seed(seed)
    p, v, s, t = {}, {}, {}, 0
    for l in range(1, len(LAYERS)):  # noqa: E741 - the course's letter
        n_prev, n = LAYERS[l - 1 : l + 1]
        p[f"W{l}"] = (np.random.randn(n, n_prev) * np.sqrt(2 / n_prev)).astype(np.float32)
        p[f"b{l}"] = np.zeros((n, 1), np.float32)
    for name, value in p.items():
        v[name], s[name] = np.zeros_like(value), np.zeros_like(value)

    def forward(X):
        A = np.maximum(0, p["W1"] @ X + p["b1"])
        Z = p["W2"] @ A + p["b2"]
        shares = np.exp(Z - Z.max(axis=0))
        return A, shares / shares.sum(axis=0)

    def step(X, Y):
        nonlocal t
        t += 1
        m = X.shape[1]
        A, AL = forward(X)
        dZ2 = AL - Y
        dZ1 = (p["W2"].T @ dZ2) * (A > 0)
        for l, dZ, A_prev in ((2, dZ2, A), (1, dZ1, X)):  # noqa: E741
            for name, g in (
                (f"W{l}", dZ @ A_prev.T / m),
                (f"b{l}", dZ.sum(axis=1, keepdims=True) / m),
            ):
                v[name] = 0.9 * v[name] + 0.1 * g
                s[name] = 0.999 * s[name] + 0.001 * g * g
                root = np.sqrt(s[name] / (1 - 0.999**t)) + 1e-8
                p[name] = p[name] - RATE * v[name] / (1 - 0.9**t) / root

    def epoch():
        order = np.random.permutation(X.shape[1])
        for first in range(0, len(order), BATCH):
            part = order[first : first + BATCH]
            step(X[:, part], one_hot[:, part])

    until_good(epoch, lambda: (forward(X_test)[1].argmax(axis=0) == Y_test).mean())


def with_torch(path, seed):
    import torch
    from torch import nn

    torch.manual_seed(seed)
    X, Y, X_test, Y_test = map(torch.from_numpy, split(path))
    n_x, n_h, n_y = LAYERS
    model = nn.Sequential(nn.Linear(n_x, n_h), nn.ReLU(), nn.Linear(n_h, n_y))
    cost = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)

    def epoch():
        # Not a DataLoader, which takes several times as long for data in memory.
        for part in torch.randperm(len(X)).split(BATCH):
            optimizer.zero_grad()
            cost(model(X[part]), Y[part]).backward()
            optimizer.step()

    def accuracy():
        with torch.no_grad():
            return (model(X_test).argmax(dim=1) == Y_test).float().mean()

    until_good(epoch, accuracy)


def with_jax(path, seed):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_platforms", "cpu")
    X, Y, X_test, Y_test = split(path)
    generator = np.random.RandomState(seed)
    parameters = []
    for n_prev, n in zip(LAYERS, LAYERS[1:]):
        W = generator.randn(n_prev, n) * np.sqrt(2 / n_prev)
        parameters.append((W.astype(np.float32), np.zeros(n, np.float32)))

    def forward(parameters, X):
        (W1, b1), (W2, b2) = parameters
        return jax.nn.relu(X @ W1 + b1) @ W2 + b2

    def cost(parameters, X, Y, weight):
        shares = jax.nn.log_softmax(forward(parameters, X))
        return -jnp.sum(weight * shares[jnp.arange(len(Y)), Y]) / jnp.sum(weight)

    @jax.jit
    def step(state, X, Y, weight):
        p, v, s, t = state
        t = t + 1
        g = jax.grad(cost)(p, X, Y, weight)
        v = jax.tree.map(lambda v, g: 0.9 * v + 0.1 * g, v, g)
        s = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, s, g)

        def moved(p, v, s):
            root = jnp.sqrt(s / (1 - 0.999**t)) + 1e-8
            return p - RATE * v / (1 - 0.9**t) / root

        return jax.tree.map(moved, p, v, s), v, s, t

    @jax.jit
    def accuracy_of(parameters):
        return jnp.mean(jnp.argmax(forward(parameters, X_test), axis=1) == Y_test)

    zeros = jax.tree.map(np.zeros_like, parameters)
    state = (parameters, zeros, zeros, np.float32(0))

    def epoch():
        """The last batch is filled up with examples of weight 0: one shape, one compilation."""
        nonlocal state
        order = generator.permutation(len(X))
        padded = np.append(order, order[: -len(order) % BATCH])
        weight = (np.arange(len(padded)) < len(order)).astype(np.float32)
        for first in range(0, len(padded), BATCH):
            part = slice(first, first + BATCH)
            state = step(state, X[padded[part]], Y[padded[part]], weight[part])

    until_good(epoch, lambda: accuracy_of(state[0]))


def with_sklearn(path, seed):
    from sklearn.neural_network import MLPClassifier

    X, Y, X_test, Y_test = split(path)
    model = MLPClassifier(
        LAYERS[1:-1],
        alpha=0,
        batch_size=BATCH,
        learning_rate_init=RATE,
        random_state=seed,
    )
    # partial_fit does one epoch in shuffled batches.
    until_good(
        lambda: model.partial_fit(X, Y, classes=range(10)), lambda: model.score(X_test, Y_test)
    )


def with_ffnn(path, seed):
    import ffnn

    X, Y, X_test, Y_test = split(path)
    _, history = ffnn.train(
        X.T,
        Y,
        LAYERS,
        seed=seed,
        output_activation="softmax",
        initialization="he",
        optimizer="adam",
        learning_rate=RATE,
        mini_batch_size=BATCH,
        num_epochs=MOST_EPOCHS,
        validation_data=(X_test.T, Y_test),
        metrics="accuracy",
        callback=lambda now: now["val_accuracy"] >= GOAL,
    )
    tell(history["val_accuracy"][-1], len(history["epoch"]))
