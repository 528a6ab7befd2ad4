"""The model of MLServer. A module of its own, because its workers import it."""

import base64
import json

from mlserver import MLModel
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput

import photo_classes


class Photos(MLModel):
    async def load(self) -> bool:
        self.model = photo_classes.load()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        bodies = [base64.b64decode(text) for text in payload.inputs[0].data]
        answers = [json.dumps(answer) for answer in photo_classes.classify(self.model, bodies)]
        output = ResponseOutput(name="answer", shape=[len(answers), 1], datatype="BYTES", data=answers)
        return InferenceResponse(model_name=self.name, outputs=[output])
