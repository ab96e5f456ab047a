"""Learning-rate decay: the twin's rates, the courses' numbers, errors."""

import numpy as np
import pytest

import ffnn
import reference


def test_rates():
    for epoch in 0, 1, 5, 99, 100, 1000, 2500:
        for args in (0.5, epoch, 1), (0.3, epoch, 0.01):
            assert ffnn.update_lr(*args) == reference.update_lr(*args)
            for interval in 1, 100, 1000:
                ours = ffnn.schedule_lr_decay(*args, time_interval=interval)
                assert ours == reference.schedule_lr_decay(*args, time_interval=interval)
            assert ffnn.schedule_lr_decay(*args) == reference.schedule_lr_decay(*args)
        for args in (0.5, epoch, 100), (0.3, epoch, 99, 0.1):
            assert ffnn.cosine_lr_decay(*args) == pytest.approx(
                reference.cosine_lr_decay(*args), rel=1e-14, abs=1e-17
            )
    # The course's tests.
    assert ffnn.update_lr(0.5, 2, 1) == 0.16666666666666666
    assert ffnn.schedule_lr_decay(0.5, 100, 0.3, 100) == 0.3846153846153846


@pytest.mark.parametrize("name", ["update_lr", "schedule_lr_decay", "cosine_lr_decay"])
def test_what_rates_refuse(name):
    function = getattr(ffnn, name)
    for args in ("0.1", 1, 1), (0.1, 1.5, 1), (0.1, 1, None), (True, 1, 1):
        with pytest.raises(TypeError, match=f"{name}: "):
            function(*args)
    with pytest.raises(ValueError, match=f"{name}: learning_rate0 must be finite"):
        function(np.inf, 1, 1)
    with pytest.raises(ValueError, match="time_interval must be at least 1, not 0"):
        ffnn.schedule_lr_decay(0.1, 1, 1, 0)
    with pytest.raises(ValueError, match="num_epochs must be at least 1, not 0"):
        ffnn.cosine_lr_decay(0.1, 1, 0)
