"""LitServe: one worker process for each core, with dynamic batching."""

import base64

import litserve

from photo_classes import BATCH, CORES, PORT, WAIT_S, classify, load


class Photos(litserve.LitAPI):
    def setup(self, device):
        self.model = load()

    def decode_request(self, request):
        """LitServe takes JSON or forms, no plain files."""
        return base64.b64decode(request["image"])

    def predict(self, bodies):
        return classify(self.model, bodies) if isinstance(bodies, list) else classify(self.model, [bodies])[0]

    def unbatch(self, output):
        return list(output)

    def encode_response(self, output):
        return output


if __name__ == "__main__":
    api = Photos(max_batch_size=BATCH, batch_timeout=WAIT_S)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=CORES, timeout=120)
    server.run(host="127.0.0.1", port=PORT, generate_client_file=False, num_api_servers=1)
