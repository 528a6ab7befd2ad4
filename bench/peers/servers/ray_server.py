"""Ray Serve: one replica for each core, with dynamic batching."""

import os

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# Ray runs its workers at niceness 15 by default.
os.environ.setdefault("RAY_worker_niceness", "0")

import time

import ray
from ray import serve
from starlette.requests import Request

from photo_classes import BATCH, CORES, PORT, WAIT_S, classify, load


@serve.deployment(num_replicas=CORES, max_ongoing_requests=64, ray_actor_options={"num_cpus": 0.5})
class Photos:
    def __init__(self):
        self.model = load()

    @serve.batch(max_batch_size=BATCH, batch_wait_timeout_s=WAIT_S)
    async def answer(self, bodies):
        return classify(self.model, bodies)

    async def __call__(self, request: Request):
        return await self.answer(await request.body())


if __name__ == "__main__":
    ray.init(num_cpus=CORES, include_dashboard=False, log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1", "port": PORT})
    serve.run(Photos.bind(), route_prefix="/")
    while True:
        time.sleep(60)
