"""The child process of `llama_server`: llama.cpp's own HTTP server out of the `xllamacpp` wheel.

    python llama_server_child.py MODEL CONTEXT < pipe

The key, if one is wanted, comes by the environment (`LLAMA_KEY`), and so does a port that is not just a free one
(`LLAMA_PORT`): the server answers there while it still loads its model. The address is printed on the first line; the
process ends when its standard input closes, so it cannot outlive whoever started it.
"""

from __future__ import annotations

import os
import sys

import xllamacpp


def main(model: str, context: str) -> None:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.model_alias = {"tiny-markov"}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = int(os.environ.get("LLAMA_PORT", "0"))
    parameters.n_ctx = int(context)
    parameters.n_parallel = 2
    parameters.kv_unified = False
    parameters.n_predict = -1
    parameters.cpuparams.n_threads = 1
    parameters.use_jinja = True
    parameters.sampling.temp = 0.0
    parameters.endpoint_slots = True
    parameters.warmup = False
    if key := os.environ.get("LLAMA_KEY"):
        parameters.api_keys = [key]
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    sys.stdin.read()
    os._exit(0)  # the server's own threads are not asked: a slot may be busy


if __name__ == "__main__":
    main(*sys.argv[1:])
