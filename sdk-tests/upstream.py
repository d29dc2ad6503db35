"""A scripted OpenAI-compatible provider on a port of its own. The model's name chooses what it does."""

import base64
import json
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TEXT = "Hello from the scripted provider."
RETRY_AFTER_S = 7
STRUCTURED = '{"city":"Lisbon","days":2}'
THOUGHT = "The caller wants something done; one step after the other."
# What an agent's shell is called, and how a command is given to it.
SHELLS = {
    "Bash": lambda command: {"command": command, "description": "Run a command"},
    "exec_command": lambda command: {"cmd": command},
    "shell_command": lambda command: {"command": command},
    "shell": lambda command: {"command": ["bash", "-lc", command]},
}
# What the model of agents runs, one after the other, before it says what the last of them printed.
COMMANDS = ["cat note.txt", "tr a-z A-Z < note.txt > loud.txt; cat loud.txt"]

# What is no conversation: its answer and the type of it.
OTHERS = {
    "/completions": (json.dumps({
        "id": "cmpl-1", "object": "text_completion", "created": 1, "model": "small-v2",
        "choices": [{"text": " there was", "index": 0, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6}}).encode(), "application/json"),
    "/rerank": (json.dumps({"id": "r", "results": [
        {"index": 1, "relevance_score": 0.875}, {"index": 0, "relevance_score": 0.125}]}).encode(), "application/json"),
    "/images/generations": (json.dumps({"created": 1, "data": [{"b64_json": "aGk="}]}).encode(), "application/json"),
    "/audio/speech": (b"ID3-sound", "audio/mpeg"),
}


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
        refusal = deepseek_refuses(body) if self.path.startswith("/agents/") else None
        if refusal:
            self.reply(400, error(refusal, "invalid_request_error", "invalid_request_error"))
        elif model == "limited":
            self.reply(429, error("Rate limit reached", "requests", "rate_limit_exceeded"), {"retry-after": str(RETRY_AFTER_S)})
        elif model == "refused":
            self.reply(401, error("Incorrect API key provided", "invalid_request_error", "invalid_api_key"))
        elif model == "broken":
            self.send(500, b"<html><h1>500 Internal Server Error</h1></html>", "text/html")
        elif self.path.endswith("/embeddings"):
            self.embed(body)
        elif self.path.removeprefix("/v1") in OTHERS:
            self.send(200, *OTHERS[self.path.removeprefix("/v1")])
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
        call, said = turn(body)
        if call:
            message, finish = {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"
        elif said:
            message["content"] = said
        if thinks(body):
            message["reasoning_content"] = THOUGHT
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        self.reply(200, {**base(body, "chat.completion"), "choices": [choice], "usage": usage(deepseek)})

    def stream(self, body, deepseek):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        if deepseek:
            self.chunk(b": keep-alive\n\n")
        call, said = turn(body)
        deltas, finish = [{"content": word + " "} for word in (said or TEXT).split()], "stop"
        if call:
            opening = {**call, "index": 0, "function": {**call["function"], "arguments": ""}}
            arguments = {"index": 0, "function": {"arguments": call["function"]["arguments"]}}
            deltas, finish = [{"tool_calls": [opening]}, {"tool_calls": [arguments]}], "tool_calls"
        self.event(body, [choice({"role": "assistant", "content": ""})])
        if thinks(body):
            deltas = [{"reasoning_content": word + " "} for word in THOUGHT.split()] + deltas
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


def thinks(body):
    """Whether the model is one that thinks, and was not told otherwise."""
    return body.get("model") == "agent" and (body.get("thinking") or {}).get("type") != "disabled"


def deepseek_refuses(body):
    """Why DeepSeek refuses a request, from what is documented and was seen of it."""
    if "max_completion_tokens" in body:
        return "unknown field `max_completion_tokens`"
    known = ("system", "user", "assistant", "tool", "latest_reminder")
    for message in body["messages"]:
        if message["role"] not in known:
            return f"unknown variant `{message['role']}`, expected one of {known}"
        if thinks(body) and message.get("tool_calls") and not message.get("reasoning_content"):
            return "The `reasoning_content` in the thinking mode must be passed back to the API."
    for tool in body.get("tools") or []:
        if tool["type"] != "function":
            return f"unknown variant `{tool['type']}`, expected `function`"
    if thinks(body) and body.get("tool_choice", "auto") not in ("auto", "none"):
        return "tool_choice is not supported in thinking mode"
    if (body.get("response_format") or {}).get("type") == "json_schema":
        return "This response_format type is unavailable now"
    open_calls = set()
    for message in body["messages"]:
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_calls:
                return "Messages with role 'tool' must be a response to a preceding message with 'tool_calls'"
            open_calls.discard(message["tool_call_id"])
        elif open_calls:
            return "An assistant message with 'tool_calls' must be followed by tool messages"
        for call in message.get("tool_calls") or []:
            open_calls.add(call["id"])
    return None


def turn(body):
    """What the model does: the call it makes, or what it says where that is not the usual text."""
    if (body.get("response_format") or {}).get("type") == "json_schema":
        return None, STRUCTURED
    if body.get("model") != "agent":
        return tool_call(body), None
    shells = [tool["function"]["name"] for tool in body.get("tools") or [] if tool["function"]["name"] in SHELLS]
    results = [message for message in body["messages"] if message["role"] == "tool"]
    if not shells:
        return tool_call(body), None
    if len(results) < len(COMMANDS):
        arguments = json.dumps(SHELLS[shells[0]](COMMANDS[len(results)]))
        call = {"id": f"call_{len(results)}_agent", "type": "function", "function": {"name": shells[0], "arguments": arguments}}
        return call, None
    return None, "The tool said: " + json.dumps(results[-1]["content"])


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
