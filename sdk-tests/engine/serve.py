"""Serves a model of random weights with llama.cpp's server, until its stdin ends. Prints where."""

import sys
import tempfile
from pathlib import Path

import model
import xllamacpp

CONTEXT_TOKENS = 2048


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.gguf"
        model.write(path)
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.model_alias = {"tiny"}
        params.api_keys = [sys.argv[1]]
        params.n_ctx, params.n_parallel = CONTEXT_TOKENS, 1
        params.n_threads_http = 4
        params.use_jinja, params.warmup, params.verbosity = True, False, 0
        params.port = 0
        server = xllamacpp.Server(params)
        print(server.listening_address, flush=True)
        sys.stdin.read()


main()
