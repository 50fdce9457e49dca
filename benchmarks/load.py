"""`python -m benchmarks.load`: many clients of one app, slow ones, some that go away, and the server killed in between.

Every request must end with its speech, or with an error that its client sees, and the server must answer afterwards.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import queue
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import soundfile

from phonelm.files import write_json

APP = Path(__file__).parent.parent / "app.py"
TEXTS = ("We walk home.", "The rain has stopped at last.", "How are you today?")
SLOW_S = 0.3  # between two lines that a slow client reads
PATIENCE_S = 300.0  # a request without an answer for so long is lost
TRIES = 200  # of a request, while the server is away or its queue is full


class Server:
    """`app.py` in a process of its own, with folders of its own."""

    def __init__(self, folder: Path, checkpoint: Path | None = None):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._arguments = ["--checkpoint", str(checkpoint)] if checkpoint else []
        self.folder = folder
        self.start()

    def start(self) -> None:
        (self.folder / "gradio").mkdir(parents=True, exist_ok=True)
        environment = os.environ | {"TMPDIR": str(self.folder), "GRADIO_TEMP_DIR": str(self.folder / "gradio")}
        command = [sys.executable, str(APP), "--host", "127.0.0.1", "--port", str(self.port), *self._arguments]
        self._log = open(self.folder.parent / "app.log", "ab")
        self.process = subprocess.Popen(command, env=environment, stdout=self._log, stderr=self._log)
        for _ in range(600):
            if self.process.poll() is not None:
                raise RuntimeError(f"the app ended: see {self._log.name}")
            try:
                if httpx.get(self.url + "/config").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.2)
        raise RuntimeError("the app did not start within two minutes")

    def stop(self, kill: bool = False) -> None:
        self.process.kill() if kill else self.process.terminate()
        self.process.wait()
        self._log.close()

    @property
    def memory_mib(self) -> float:
        return psutil.Process(self.process.pid).memory_info().rss / 2**20

    def left_over(self) -> list[str]:
        """Files that are not results kept for their links."""
        return sorted(p.name for p in self.folder.iterdir() if p.name != "gradio")


@contextmanager
def serving(checkpoint: Path | None = None) -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder, "tmp"), checkpoint)
        try:
            yield server
        finally:
            server.stop()


@dataclass
class Outcome:
    """What the clients saw.

    Attributes:
        ends: how requests ended: "spoken", "left" (by a client that goes away), "lost".
        errors: errors that clients saw before they asked again.
        wavs: int16 samples of each (text, seed) that was spoken, each time.
    """

    ends: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    wavs: dict[tuple[str, int], list[np.ndarray]] = field(default_factory=dict)


class ServerError(Exception):
    """An error that the server named."""


@lru_cache
def defaults(url: str) -> dict[str, Any]:
    """The parameters of `/generate`, in order, with their defaults."""
    info = httpx.get(url + "/gradio_api/info", timeout=PATIENCE_S).raise_for_status().json()
    return {p["parameter_name"]: p["parameter_default"] for p in info["named_endpoints"]["/generate"]["parameters"]}


def ask(url: str, text: str, seed: int, behaviour: str) -> np.ndarray | None:
    """One request, as a "quick", "slow" or "leaving" client; None if it left.

    Raises:
        ServerError, httpx.HTTPError: as the client sees them.
    """
    data = list((defaults(url) | {"text": text, "seed": seed, "new_seed": False}).values())
    with httpx.Client(timeout=PATIENCE_S) as client:
        answer = client.post(url + "/gradio_api/call/generate", json={"data": data})
        if answer.status_code != 200:
            raise ServerError(f"status {answer.status_code}")
        event, path = None, f"{url}/gradio_api/call/generate/{answer.json()['event_id']}"
        with client.stream("GET", path) as stream:
            for line in stream.iter_lines():
                kind, _, value = line.partition(": ")
                if kind == "event":
                    event = value
                    if behaviour == "leaving" and event == "generating":
                        return None
                elif kind == "data" and event == "error":
                    raise ServerError(value)
                elif kind == "data" and event == "complete":
                    wav = client.get(json.loads(value)[0]["url"]).raise_for_status().content
                    return soundfile.read(io.BytesIO(wav), dtype="int16")[0]
                if behaviour == "slow":
                    time.sleep(SLOW_S)
    raise ServerError("the stream ended without a result")


def client(url: str, jobs: queue.SimpleQueue, outcome: Outcome, lock: threading.Lock) -> None:
    """Take requests until there is none; ask again after an error."""
    while True:
        try:
            text, seed, behaviour = jobs.get_nowait()
        except queue.Empty:
            return
        end = "lost"
        for _ in range(TRIES):
            try:
                wav = ask(url, text, seed, behaviour)
            except httpx.TimeoutException:
                break
            except (ServerError, httpx.HTTPError) as error:
                with lock:
                    outcome.errors[f"{type(error).__name__}: {error}".splitlines()[0][:80]] += 1
                time.sleep(0.5)
                continue
            end = "left" if wav is None else "spoken"
            if wav is not None:
                with lock:
                    outcome.wavs.setdefault((text, seed), []).append(wav)
            break
        with lock:
            outcome.ends[end] += 1


def load(server: Server, requests: int, clients: int, kills: int, seed: int = 0) -> Outcome:
    """Send requests from many clients; kill the server, and start it again, when a share of them has ended."""
    rng, jobs, outcome, lock = random.Random(seed), queue.SimpleQueue(), Outcome(), threading.Lock()
    for _ in range(requests):
        jobs.put((rng.choice(TEXTS), rng.randrange(5), rng.choice(("quick", "quick", "quick", "slow", "leaving"))))
    threads = [threading.Thread(target=client, args=(server.url, jobs, outcome, lock)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for kill in range(kills):
        while outcome.ends.total() < requests * (kill + 1) / (kills + 1) and any(t.is_alive() for t in threads):
            time.sleep(0.1)
        server.stop(kill=True)
        server.start()
    for thread in threads:
        thread.join()
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--requests", type=int, default=200, metavar="N")
    parser.add_argument("--clients", type=int, default=20, metavar="N")
    parser.add_argument("--kills", type=int, default=2, metavar="N", help="of the server, while requests run")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE")
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args()
    with serving(args.checkpoint) as server:
        ask(server.url, TEXTS[0], 0, "quick")
        before, start = server.memory_mib, time.monotonic()
        outcome = load(server, args.requests, args.clients, args.kills)
        seconds = time.monotonic() - start
        afterwards = ask(server.url, TEXTS[0], 0, "quick")
        differing = sum(not np.array_equal(wavs[0], wav) for wavs in outcome.wavs.values() for wav in wavs)
        found = {
            "requests": args.requests, "clients": args.clients, "kills": args.kills, "seconds": seconds,
            "ends": outcome.ends, "errors_seen": outcome.errors, "differing": differing,
            "answers_afterwards": bool(len(afterwards)), "memory_mib": [before, server.memory_mib],
            "left_over": server.left_over(),
        }  # fmt: skip
    print(json.dumps(found, indent=1))
    if args.json:
        write_json(args.json, found)


if __name__ == "__main__":
    main()
