# Asks a running service with Triton's own client, and prints what it got as JSON. Arguments: host and port.
import json
import sys

import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

client = http.InferenceServerClient(sys.argv[1])


def tensor(name, array, binary=True):
    datatype = {"object": "BYTES", "int64": "INT64", "float32": "FP32"}[str(array.dtype)]
    made = http.InferInput(name, array.shape, datatype)
    made.set_data_from_numpy(array, binary_data=binary)
    return made


def failure(ask):
    try:
        ask()
    except InferenceServerException as error:
        return [error.status(), error.message()]


whole = np.array([[2**62 + 1, -5], [3, 4]], dtype=np.int64)
texts = tensor("text", np.array([b"Mary loves Paris", b"paris"], dtype=object))
sums = tensor("X", np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32), binary=False)
answered = client.infer("mood", [texts], request_id="r1", parameters={"top_k": 1})
in_json = [http.InferRequestedOutput("y", binary_data=False)]

client.unload_model("whole")
unloaded = client.is_model_ready("whole")
client.load_model("whole")
print(
    json.dumps(
        {
            "live": client.is_server_live() and client.is_server_ready(),
            "name": client.get_server_metadata()["name"],
            "inputs": client.get_model_metadata("whole")["inputs"],
            "ready": [unloaded, client.is_model_ready("whole")],
            "states": {one["name"]: one["state"] for one in client.get_model_repository_index()},
            "id": answered.get_response()["id"],
            "labels": [label.decode() for label in answered.as_numpy("label").flatten()],
            "scores": answered.as_numpy("score").tolist(),
            "same": [
                bool((client.infer("whole", [tensor("x", whole)], outputs=how).as_numpy("y") == whole).all())
                for how in (None, in_json)
            ],
            "sums": client.infer("sum", [sums]).as_numpy("value").tolist(),
            "refused": [
                failure(lambda: client.infer("mood", [texts], model_version="7")),
                failure(lambda: client.load_model("whole", config="{}")),
            ],
            "statistics": client.get_inference_statistics("sum")["model_stats"][0]["name"],
        }
    )
)
