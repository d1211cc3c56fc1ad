"""The notebook's own code, unchanged but for print and xrange, and what it leaves behind when all is saved.

`keep` stands where a person would save: before each function returns, and after back_prop in the loop.  In the
notebook dL_df is the array probs, and dL_dh11 a view into dL_dh12, so correct code leaves arrays that look wrong."""
import numpy as np

KEPT = {}


def keep(variables):
    KEPT.update(variables)


def generate_data(N, K):
    D = 2 # Dimensionality
    X = np.zeros((N * K, D)) # Data matrix (each row = single example)
    y = np.zeros(N * K, dtype='uint8') # Class labels
    for j in range(K):
        ix = range(N * j, N * (j + 1))
        r = np.linspace(0.0, 1, N) # radius
        t = np.linspace(j * 8, (j + 1) * 8, N) + np.random.randn(N) * 0.2 # theta
        X[ix] = np.c_[r * np.sin(t), r * np.cos(t)]
        y[ix] = j
    return X, y


def initialize(num_inputs, num_hidden):
    # +1 is added to account for the bias trick.
    W1 = np.random.randn(num_inputs + 1, num_hidden) * np.sqrt(2.0 / num_inputs + 1)
    W2 = np.random.randn(num_hidden + 1, num_classes) * np.sqrt(2.0 / (num_hidden + 1))
    return W1, W2


def forw_prop(X, W1, W2):
    # Hidden layer.
    h11 = X.dot(W1)
    h12 = np.maximum(0, h11) # ReLU nonlinearity
    # Bias trick.
    h12 = np.c_[h12, np.ones(h12.shape[0])]
    # Final layer.
    f = h12.dot(W2)
    # Softmax transformation.
    probs = np.exp(f)
    prob_sums = probs.sum(axis=1, keepdims=True)
    probs /= prob_sums
    keep(dict(locals()))
    return probs, h11, h12


def calc_loss(probs, y, W1, W2, reg):
    data_loss = -np.mean(np.log(probs[range(y.shape[0]), y]))
    reg_loss = reg * 0.5 * (np.sum(W1 * W1) + np.sum(W2 * W2))
    keep({"data_loss": data_loss, "reg_loss": reg_loss})
    return data_loss + reg_loss


def back_prop(probs, X, y, h11, h12, W1, W2, reg):
    # Partial derivatives at the final layer.
    dL_df = probs
    dL_df[range(y.shape[0]), y] -= 1
    dL_df /= num_train
    # Propagate back to the weights, along with the regularization term.
    dL_dW2 = h12.T.dot(dL_df) + reg * W2
    # At the output of the hidden layer.
    dL_dh12 = dL_df.dot(W2.T)
    # Propagate back through nonlinearities to the input of the layer.
    dL_dh11 = dL_dh12[:,:-1] # Account for bias trick.
    dL_dh11[h11 < 0] = 0 # ReLU
    dL_dW1 = X.T.dot(dL_dh11) + reg * W1
    keep(dict(locals()))
    return dL_dW1, dL_dW2


def steps(X, y, W1, W2, reg, step_size, n):
    """The notebook's loop; what is kept is the last step's, its weights before or (same arrays) after the update."""
    for i in range(n):
        probs, h11, h12 = forw_prop(X, W1, W2)
        loss = calc_loss(probs, y, W1, W2, reg)
        dW1, dW2 = back_prop(probs, X, y, h11, h12, W1, W2, reg)
        keep({"loss": loss})
        yield dict(KEPT)
        W1 -= step_size * dW1
        W2 -= step_size * dW2


def files():
    """(name, arrays, line of the manifest) of runs of the notebook, small and in its own size."""
    global num_train, num_classes
    reg, step_size = 0.001, 0.1
    for points, num_classes, num_hidden, n_steps in [(10, 3, 7, 1), (15, 3, 12, 4), (8, 5, 9, 2), (300, 3, 200, 1)]:
        np.random.seed(points)
        X, y = generate_data(points, num_classes)
        W1, W2 = initialize(X.shape[1], num_hidden)
        train = np.random.permutation(len(y))[:int(len(y) * 0.67)]
        X_train, y_train = X[train], y[train]
        num_train = X_train.shape[0]
        X_train = np.c_[X_train, np.ones(num_train)]
        KEPT.clear()
        loop = steps(X_train, y_train, W1, W2, reg, step_size, n_steps)
        for kept in loop:
            before = {k: np.array(v) for k, v in kept.items()}
        after = {**{k: np.array(v) for k, v in kept.items()}, "step_size": np.asarray(step_size)}
        no_step = {k: v for k, v in after.items() if k != "step_size"}
        only_asked = {k: v for k, v in before.items() if k not in ("prob_sums", "data_loss", "reg_loss")}
        line = {"kind": "right", "mistakes": [], "first_wrong_stage": None, "also_first_wrong": [],
                "expected": "correct", "stages_given": True, "loss_given": True, "dtype": "float64",
                "convention": "the notebook's", "layout": "notebook",
                "shape": {"N": num_train, "D": 2, "H": [num_hidden], "K": num_classes},
                "activation": "relu", "loss_name": "softmax", "probe": "notebook"}
        size = f"{num_train}x{num_hidden}x{num_classes}"
        yield f"notebook-{size}-before-update", only_asked, {**line, "what": "saved after back_prop"}
        if num_hidden < 200:
            yield f"notebook-{size}-locals", before, {**line, "what": "all local variables, after back_prop"}
            yield f"notebook-{size}-after-update", after, {**line, "what": "saved after the update, with step_size"}
            yield f"notebook-{size}-after-update-no-step", no_step, {**line, "what": "saved after the update"}
