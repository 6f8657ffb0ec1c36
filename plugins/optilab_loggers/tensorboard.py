"""Event files for TensorBoard (https://www.tensorflow.org/tensorboard), one folder a run."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from optilab import InputError, LoggedRun, Logger, LoggerKind, hookimpl, logger

_ENDED = "ended"  # an empty file beside that of a run which is over
_NO_CURVES = ("step", "w_0", "w_1")


@logger
def tensorboard(where: str) -> Iterator[Logger]:
    """Write a folder of event files for each run: `tensorboard --logdir WHERE` shows them.

    InputError where TensorBoard isn't installed.
    """
    try:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter
    except ImportError:
        raise InputError("the logger 'tensorboard' needs `pip install 'optilab-framework[tensorboard]'`") from None
    events = Events(Path(where), EventFileWriter)
    try:
        yield events
    finally:
        events.close()


class Events(Logger):
    """One event file a run: measurements are scalars over steps, settings and status are texts."""

    def __init__(self, folder: Path, writer: Any) -> None:
        self._folder = folder
        self._writer = writer
        self._open: dict[str, Any] = {}

    def _folder_of(self, run: LoggedRun) -> Path:
        return self._folder / re.sub(r"[^\w.,=+() -]", "_", run.name)

    def knows(self, run: LoggedRun) -> bool:
        """Whether the run has an ended event file."""
        return (self._folder_of(run) / _ENDED).exists()

    def run_started(self, run: LoggedRun) -> None:
        """Open the run's file, and write its settings."""
        self._open[run.run_id] = self._writer(str(self._folder_of(run)))
        settings = {"problem": run.problem, "schedule": run.schedule, "batch size": run.batch_size, "role": run.role}
        lines = [f"- {name}: {value}" for name, value in {**run.hyperparameters, **settings}.items()]
        self._text(run, "settings", "\n".join(lines))

    def run_measured(self, run: LoggedRun, measured: Mapping[str, float]) -> None:
        """Add a point to each curve."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        values = [
            Summary.Value(tag=name, simple_value=value)
            for name, value in measured.items()
            if name not in _NO_CURVES and not math.isnan(value)
        ]
        self._add(run, Summary(value=values), int(measured["step"]))

    def run_finished(self, run: LoggedRun, status: str, message: str) -> None:
        """Write the run's status, and close its file."""
        self._text(run, "status", f"{status}: {message}" if message else status)
        self._open.pop(run.run_id).close()
        (self._folder_of(run) / _ENDED).touch()

    def _text(self, run: LoggedRun, tag: str, text: str) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
        from tensorboard.compat.proto.tensor_pb2 import TensorProto
        from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto

        metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
        tensor = TensorProto(dtype="DT_STRING", string_val=[text.encode()], tensor_shape=shape)
        self._add(run, Summary(value=[Summary.Value(tag=tag, metadata=metadata, tensor=tensor)]), 0)

    def _add(self, run: LoggedRun, summary: Any, step: int) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        self._open[run.run_id].add_event(Event(wall_time=time.time(), step=step, summary=summary))

    def close(self) -> None:
        """Close the files of runs that haven't finished."""
        while self._open:
            self._open.popitem()[1].close()


@hookimpl
def optilab_loggers() -> list[LoggerKind]:
    return [tensorboard]
