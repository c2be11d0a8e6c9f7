"""placeholder until merged"""

import dspy


class Corrected(dspy.Adapter):
    def __init__(self, adapter, answer, fault):
        super().__init__()
        self._adapter = adapter
        self._answer = answer
        self._fault = fault

    def __call__(self, *a, **k):
        return self._adapter(*a, **k)
