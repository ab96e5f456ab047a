"""The word that was meant by an unknown one: misspelt, against a plain twin; another library's."""

import inspect
import re
from functools import cache

import pytest

import ffnn
from ffnn._ffnn import word_hint
from support import plain_train
from tree import CSRC, rows

WORDS = ["relu", "sigmoid", "tanh", "he", "xavier", "xavier_uniform", "learning_rate", "X", "f1"]
pytestmark = pytest.mark.once


def nearest_word(word, words):
    hint = word_hint("Near", word, words)
    return re.fullmatch(r"Near '(.*)'\?", hint)[1] if hint else None


def distance(a, b):
    """The optimal string alignment of two words, by its definition."""

    @cache
    def of(i, j):
        if min(i, j) == 0:
            return max(i, j)
        ways = [of(i - 1, j) + 1, of(i, j - 1) + 1, of(i - 1, j - 1) + (a[i - 1] != b[j - 1])]
        if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
            ways.append(of(i - 2, j - 2) + 1)
        return min(ways)

    return of(len(a), len(b))


def bare(word):
    return re.sub("[_ -]", "", word.lower())


def twin(word, words):
    near = {}
    for one in words:
        if bare(one) and bare(word) == bare(one):
            return one
    for one in words:
        d = distance(word.lower(), one.lower())
        if d <= (1 if len(one) < 6 else len(one) // 3) and d < len(one):
            near.setdefault(d, one)
    return near[min(near)] if near else None


def test_the_nearest_word_is_the_twins(rng):
    found = set()
    for _ in range(2000):
        letters = list(WORDS[rng.integers(len(WORDS))])
        for _ in range(rng.integers(5)):
            i = int(rng.integers(len(letters) + 1))
            letter = "aeXg_"[rng.integers(5)]
            slip = rng.integers(4)
            if slip == 0:
                letters.insert(i, letter)
            elif slip == 1:
                letters[i : i + 1] = [letter]
            elif slip == 2:
                letters[i : i + 1] = []
            else:
                letters[i : i + 2] = letters[i : i + 2][::-1]
        word = "".join(letters)
        assert nearest_word(word, WORDS) == twin(word, WORDS), word
        found.add(twin(word, WORDS))
    assert found == {None, *WORDS}


def test_words_of_any_kind():
    assert nearest_word("Relu", {"relu": 1}) == "relu"
    assert nearest_word("relu", ()) is None
    assert nearest_word("a" * 40, ["a" * 39 + "b"]) == "a" * 39 + "b"
    assert nearest_word("a" * 41, ["a" * 40 + "b"]) is None
    assert nearest_word("\ud800", ["\ud800", "relu"]) is None
    assert nearest_word("learningRate", WORDS) == "learning_rate"
    assert nearest_word("", [""]) is None and nearest_word("_", WORDS) is None
    with pytest.raises(TypeError, match="opening must be a str"):
        word_hint(1, "relu", WORDS)
    for word, words in ((1, WORDS), ("relu", ["relu", 1]), ("relu", 3), (b"relu", WORDS)):
        with pytest.raises(TypeError):
            nearest_word(word, words)


# ---- words of other libraries --------------------------------------------------------------------

needs_tree = pytest.mark.skipif(not CSRC.exists(), reason="needs the source tree beside the tests")


def foreign_words():
    """(foreign, ours, remark) of each row."""
    row = r'^FFNN_FOREIGN_WORD\((\w+), (\w+), "(.*)"\)$'
    return re.findall(row, (CSRC / "foreign_words.def").read_text(), re.MULTILINE)


def words_of_ours():
    """Arguments of all public functions, and the values that are names."""
    words = {"accuracy", "precision", "recall", "f1", "val_cost", "val_accuracy", "cost"}
    words |= {*ffnn.activations(), *ffnn.costs(), *ffnn.optimizers()}
    words |= set(ffnn._initializers.INITIALIZERS)
    for name in dir(ffnn):
        if callable(getattr(ffnn, name)):
            words |= set(inspect.signature(getattr(ffnn, name)).parameters)
    return words


@needs_tree
def test_every_foreign_word_leads_to_one_of_ours():
    words = foreign_words()
    assert len(words) > 100 and [row[0] for row in words] == rows(
        "foreign_words.def", "FFNN_FOREIGN_WORD"
    )
    assert {ours for _, ours, _ in words} <= words_of_ours()
    assert len({row[:2] for row in words}) == len(words), "a row that never serves"
    for foreign, ours, remark in words:
        hint = f"Or '{ours}'?" + (remark and " " + remark)
        for spelling in foreign, foreign.upper(), foreign.replace("_", ""):
            assert word_hint("Or", spelling, ["zzz", ours]) == hint
        assert word_hint("Or", foreign, ["zzz"]) == ""
        assert word_hint("Or", foreign, [ours, foreign]) == f"Or '{foreign}'?"


@needs_tree
def test_no_foreign_word_is_but_a_misspelling():
    """Unless the row has a remark, or must come before a nearer word."""
    ours = words_of_ours()
    without_need = [
        foreign
        for foreign, word, remark in foreign_words()
        if not remark and foreign not in ours and twin(foreign, sorted(ours)) == word
    ]
    assert without_need == []


@pytest.mark.parametrize(
    ("foreign", "of_train", "of_the_model"),
    [
        ("epochs", "num_epochs", "num_iterations"),
        ("n_epochs", "num_epochs", "num_iterations"),
        ("max_iter", "num_epochs", "num_iterations"),
        ("num_iterations", "num_epochs", None),
        ("num_epochs", None, "num_iterations"),
        ("layers_dims", "layer_dims", None),
        ("layer_dims", None, "layers_dims"),
        ("hidden_layer_sizes", "layer_dims", "layers_dims"),
        ("batch_size", "mini_batch_size", "mini_batch_size"),
        ("lr", "learning_rate", "learning_rate"),
        ("loss", "cost", "cost"),
        ("validation_split", "validation_fraction", "validation_fraction"),
        ("random_state", "seed", "seed"),
        ("activation", "hidden_activation", "hidden_activation"),
        ("verbose", "print_cost", "print_cost"),
        ("alpha", "lambd", "lambd"),
        ("dropout", "keep_prob", "keep_prob"),
        ("optimiser", "optimizer", "optimizer"),
        ("solver", "optimizer", "optimizer"),
        ("weigth_decay", "weight_decay", "weight_decay"),
        ("x", "X", "X"),
    ],
)
def test_keywords_of_other_libraries(foreign, of_train, of_the_model):
    """Before all else: the other arguments are missing."""
    for function, ours in (ffnn.train, of_train), (ffnn.L_layer_model, of_the_model):
        if ours is not None:
            says = rf"{function.__name__}\(\) .* '{foreign}'\. Did you mean '{ours}'\?"
            with pytest.raises(TypeError, match=says):
                function(**{foreign: 5})


@pytest.mark.parametrize(
    ("function", "foreign", "ours"),
    [
        ("two_layer_model", "epochs", "num_iterations"),
        ("two_layer_model", "lr", "learning_rate"),
        ("two_layer_model", "alpha", "learning_rate"),
        ("two_layer_model", "verbose", "print_cost"),
        ("predict", "weights", "parameters"),
        ("predict", "y_true", "y"),
        ("predict_classes", "activation", "hidden_activation"),
        ("predict_classes", "cutoff", "threshold"),
        ("predict_proba", "activation", "hidden_activation"),
        ("initialize_parameters_deep", "init", "initialization"),
        ("random_mini_batches", "batch_size", "mini_batch_size"),
        ("compute_cost", "loss", "cost"),
        ("cost_and_gradients", "weight_decay", "lambd"),
    ],
)
def test_keywords_of_other_libraries_elsewhere(function, foreign, ours):
    with pytest.raises(TypeError, match=rf"{function}\(\) .*\. Did you mean '{ours}'\?"):
        getattr(ffnn, function)(**{foreign: 5})


def test_a_remark_says_the_difference():
    for call, says in (
        (lambda: plain_train(dropout=0.2), r"'keep_prob'\? .* keep_prob = 1 - dropout$"),
        (lambda: plain_train(l2=0.1), r"'lambd'\? The cost gains lambd / \(2 m\) times"),
        (
            lambda: ffnn.compute_cost([[0.5]], [[1]], cost="log_loss"),
            "'categorical_cross_entropy'$",
        ),
    ):
        with pytest.raises((TypeError, ValueError), match=says):
            call()


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in dir(ffnn)
        if inspect.isroutine(getattr(ffnn, name))
        and inspect.signature(getattr(ffnn, name)).parameters
        and not name.startswith("save_")  # any keyword is their meta
    ],
)
def test_every_public_function_suggests_its_keywords(name):
    """On every Python, whether the function is written in Python or in C."""
    function = getattr(ffnn, name)
    with pytest.raises(TypeError) as caught:
        function(banana=1)
    assert str(caught.value) == f"{name}() got an unexpected keyword argument 'banana'"
    for ours in inspect.signature(function).parameters:
        if ours not in ("options", "ax") and len(ours) > 2:
            with pytest.raises(TypeError, match=rf"'{ours}e'\. Did you mean '{ours}'\?$"):
                function(**{ours + "e": 1})


@pytest.mark.parametrize(
    ("keywords", "ours"),
    [
        ({"cost": "mse"}, "mean_squared_error"),
        ({"cost": "MAE"}, "mean_absolute_error"),
        ({"cost": "bce"}, "binary_cross_entropy"),
        ({"cost": "crossentropy"}, "binary_cross_entropy"),
        ({"metrics": "acc"}, "accuracy"),
        ({"metrics": ["mse"]}, "mean_squared_error"),
        ({"initialization": "glorot"}, "xavier"),
        ({"initialization": "kaiming"}, "he"),
        ({"optimizer": "sgd"}, "gd"),
        ({"hidden_activation": "swish"}, "silu"),
        ({"output_activation": "identity"}, "linear"),
        ({"monitor": "val_loss", "patience": 1, "validation_fraction": 0.5}, "val_cost"),
        ({"monitor": "loss", "patience": 1}, "cost"),
    ],
)
def test_values_of_other_libraries(keywords, ours):
    """In train and in the model, whether Python or C looks at them."""
    X, Y = [[0.0, 1.0, 2.0, 3.0]], [[0, 1, 0, 1]]
    for function in ffnn.train, ffnn.L_layer_model:
        with pytest.raises(ValueError, match=rf"; did you mean '{ours}'\?"):
            function(X, Y, [1, 2, 1], **keywords)


def test_python_and_c_suggest_in_the_same_words():
    parameters = ffnn.initialize_parameters(1, 1, 1)
    for call, says in (
        (lambda: ffnn.L_model_forward([[1.0]], paramters=parameters), "parameters"),
        (lambda: ffnn.L_layer_model([[1.0]], [[1]], [1, 1], weigth_decay=1), "weight_decay"),
    ):
        with pytest.raises(TypeError, match=rf"unexpected keyword .*'\. Did you mean '{says}'\?$"):
            call()
    for call, says in (
        (lambda: ffnn.linear_activation_forward([[1.0]], [[1.0]], [[1.0]], "rleu"), "relu"),
        (lambda: ffnn.initialize_parameters_deep([1, 1], initialization="hee"), "he"),
    ):
        with pytest.raises(ValueError, match=rf"must be one of .*; did you mean '{says}'\?$"):
            call()
