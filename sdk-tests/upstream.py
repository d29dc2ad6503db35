"""A scripted OpenAI-compatible provider on a port of its own. The model's name chooses what it does."""

import base64
import json
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TEXT = "Hello from the scripted provider."
RETRY_AFTER_S = 7


def usage(deepseek):
    counts = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
    counts["prompt_tokens_details"] = {"cached_tokens": 4}
    if deepseek:
        counts.update(prompt_cache_hit_tokens=4, prompt_cache_miss_tokens=7)
    return counts


def error(message, kind, code):
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.reply(200, {"object": "list", "data": [{"id": "small-v2", "object": "model", "created": 1, "owned_by": "mine"}]})

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        body = json.loads(raw)
        with self.server.lock:
            self.server.seen.append({"path": self.path, "headers": dict(self.headers.items()), "body": body})
        deepseek = self.path.startswith("/deepseek/")
        wanted = self.server.credentials["deepseek" if deepseek else "mine"]
        if self.headers.get("authorization") != f"Bearer {wanted}":
            return self.reply(401, error("Incorrect API key provided", "invalid_request_error", "invalid_api_key"))
        model = body.get("model")
        if model == "limited":
            self.reply(429, error("Rate limit reached", "requests", "rate_limit_exceeded"), {"retry-after": str(RETRY_AFTER_S)})
        elif model == "refused":
            self.reply(401, error("Incorrect API key provided", "invalid_request_error", "invalid_api_key"))
        elif model == "broken":
            self.send(500, b"<html><h1>500 Internal Server Error</h1></html>", "text/html")
        elif self.path.endswith("/embeddings"):
            self.embed(body)
        elif body.get("stream"):
            self.stream(body, deepseek)
        else:
            self.complete(body, deepseek)

    def embed(self, body):
        vector = [0.25, -0.5]
        if body.get("encoding_format") == "base64":
            vector = base64.b64encode(struct.pack("<2f", *vector)).decode()
        data = [{"object": "embedding", "index": at, "embedding": vector} for at, _ in enumerate(body["input"])]
        self.reply(200, {"object": "list", "data": data, "model": body["model"], "usage": {"prompt_tokens": 3, "total_tokens": 3}})

    def complete(self, body, deepseek):
        message, finish = {"role": "assistant", "content": TEXT}, "stop"
        call = tool_call(body)
        if call:
            message, finish = {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        self.reply(200, {**base(body, "chat.completion"), "choices": [choice], "usage": usage(deepseek)})

    def stream(self, body, deepseek):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        if deepseek:
            self.chunk(b": keep-alive\n\n")
        call = tool_call(body)
        deltas, finish = [{"content": word + " "} for word in TEXT.split()], "stop"
        if call:
            opening = {**call, "index": 0, "function": {**call["function"], "arguments": ""}}
            arguments = {"index": 0, "function": {"arguments": call["function"]["arguments"]}}
            deltas, finish = [{"tool_calls": [opening]}, {"tool_calls": [arguments]}], "tool_calls"
        self.event(body, [choice({"role": "assistant", "content": ""})])
        for delta in deltas:
            self.event(body, [choice(delta)])
        asked = (body.get("stream_options") or {}).get("include_usage")
        self.event(body, [choice({}, finish)], usage(True) if deepseek else None)
        if asked and not deepseek:
            self.event(body, [], usage(False))
        self.chunk(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def event(self, body, choices, counts=None):
        event = {**base(body, "chat.completion.chunk"), "choices": choices}
        if counts:
            event["usage"] = counts
        self.chunk(b"data: " + json.dumps(event).encode() + b"\n\n")

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def reply(self, status, value, headers=None):
        self.send(status, json.dumps(value).encode(), "application/json", headers)

    def send(self, status, data, content_type, headers=None):
        self.send_response(status)
        for name, value in {"content-type": content_type, "content-length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def base(body, kind):
    return {"id": "chatcmpl-scripted", "object": kind, "created": 1700000000, "model": body.get("model")}


def choice(delta, finish=None):
    return {"index": 0, "delta": delta, "finish_reason": finish}


def tool_call(body):
    """A call of the first tool, unless the last message is a tool's result."""
    if not body.get("tools") or body["messages"][-1]["role"] == "tool":
        return None
    name = body["tools"][0]["function"]["name"]
    return {"id": "call_1", "type": "function", "function": {"name": name, "arguments": '{"city":"Lisbon"}'}}


class Upstream(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, credentials):
        super().__init__(("127.0.0.1", 0), Handler)
        self.credentials = credentials
        self.seen = []
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.server_port}"
