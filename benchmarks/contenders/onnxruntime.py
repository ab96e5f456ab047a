"""ONNX Runtime, with the net that ffnn.to_onnx makes."""

import os

import onnxruntime

import ffnn
from benchmarks.contenders import OneExample


def exports(net):
    activations = {"hidden_activation": net.hidden, "output_activation": net.output}
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("FFNN_NUM_THREADS", 1))
    model = ffnn.to_onnx(net.start, **activations).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feed = {"X": net.rows[0]}
    return [OneExample("ONNX Runtime", "run", lambda: session.run(None, feed))]
