"""Loads a graph in the same way for all peers."""

import onnxruntime


def load(model, threads):
    """Loads a graph into one session. Its idle threads sleep, because spinning would take CPU time."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
