"""Labels of the estimators, told apart as scikit-learn does."""

import numpy as np
import pytest
import sklearn.neural_network

import ffnn

pytestmark = pytest.mark.once


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16, ">i8", "<u4"])
@pytest.mark.parametrize("labels", [[3, 5], [7, 0, 2], [1], [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]])
@pytest.mark.filterwarnings("error")
def test_whole_numbers_are_told_apart_as_scikit_learn_does(rng, dtype, labels):
    y = np.tile(np.array(labels, dtype), 3)
    X = rng.normal(size=(len(y), 2))
    models = [
        module.MLPClassifier((2,), max_iter=1, random_state=0, batch_size=3)
        for module in (sklearn.neural_network, ffnn)
    ]
    targets = []
    for model in models:
        model._label_binarizer = None
        targets.append(model._validate_input(X, y, False, True)[1])
    theirs, ours = (model._label_binarizer for model in models)
    assert vars(ours).keys() == vars(theirs).keys() and ours.y_type_ == theirs.y_type_
    assert ours.classes_.dtype == theirs.classes_.dtype == models[1].classes_.dtype
    assert (ours.classes_ == theirs.classes_).all() and (targets[0] == targets[1]).all()
    assert targets[0].shape == targets[1].shape and targets[0].dtype == targets[1].dtype
    assert (ours.inverse_transform(targets[1]) == y).all()


@pytest.mark.parametrize("classes", [[1], [1, 2], [1, 2, 3]])
def test_small_partial_fits_take_labels_of_any_kind(rng, classes):
    X, y = rng.normal(size=(6, 2)), np.resize(classes, 6)
    models = []
    for labels in y, y.tolist(), y.astype(float):
        model = ffnn.MLPClassifier((2,), random_state=0)
        model.partial_fit(X, y, classes=classes)
        models.append(model.partial_fit(X, labels))
    for model in models[1:]:
        assert (model.coefs_[0] == models[0].coefs_[0]).all() and model.t_ == 12


def test_a_label_that_no_class_has(rng):
    X, y = rng.normal(size=(30, 2)), np.tile([0, 1, 2], 10)
    model = ffnn.MLPClassifier((3,), random_state=0).partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="`y` has classes not in `self.classes_`"):
        model.partial_fit(X, y + 7)
