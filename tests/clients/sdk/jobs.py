"""Reads a job a line, `{"id", "dialect", "mode", "said", "headers"}`, and writes what an app saw, a line each."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Lock


def work_through(ways):
    whole_lines = Lock()

    def work(line):
        job = json.loads(line)
        try:
            seen = ways[job["dialect"], job["mode"]](job["said"], job["headers"])
        except Exception as error:  # whatever it is, the test shows it
            seen = {"error": f"{type(error).__name__}: {error}"}
        with whole_lines:
            print(json.dumps({"id": job["id"], "seen": seen}), flush=True)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, sys.stdin))
