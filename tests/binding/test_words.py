"""The nearest word to a misspelt one: against a plain twin, and the few words that it refuses."""

from functools import cache

import pytest

import ffnn
from ffnn._ffnn import nearest_word

WORDS = ["relu", "sigmoid", "tanh", "he", "xavier", "xavier_uniform", "learning_rate", "X", "f1"]
pytestmark = pytest.mark.once


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


def twin(word, words):
    near = {}
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
    assert nearest_word("a" * 41, ["a" * 41]) is None
    assert nearest_word("\ud800", ["\ud800", "relu"]) is None
    for word, words in ((1, WORDS), ("relu", ["relu", 1]), ("relu", 3), (b"relu", WORDS)):
        with pytest.raises(TypeError):
            nearest_word(word, words)


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
