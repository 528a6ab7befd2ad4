"""MLServer: one inference worker for each core, with adaptive batching. Requests are of its protocol, OIP."""

import asyncio
import os
import tempfile

from mlserver import MLServer
from mlserver.settings import ModelSettings, Settings

import photo_classes
from mlserver_photos import Photos


async def main():
    settings = Settings(
        host="127.0.0.1",
        http_port=photo_classes.PORT,
        grpc_port=int(os.environ["PEER_PORT_2"]),
        metrics_port=int(os.environ["PEER_PORT_3"]),
        parallel_workers=photo_classes.CORES,
        environments_dir=tempfile.mkdtemp(),
        metrics_dir=tempfile.mkdtemp(),
        # The log of every request would be a part of the measurement.
        debug=False,
    )
    model = ModelSettings(
        name="photos",
        implementation=Photos,
        max_batch_size=photo_classes.BATCH,
        max_batch_time=photo_classes.WAIT_S,
    )
    await MLServer(settings).start([model])


if __name__ == "__main__":
    asyncio.run(main())
