"""A stand-in for the LiteLLM proxy: its port, its options and the shape of its answers, and no model behind it.

Takes LiteLLM's `--config` and `--port`. Of the configuration it reads the model names only. The key that callers must
show is LITELLM_MASTER_KEY or the content of the file LITELLM_MASTER_KEY_FILE; without either, every caller is let in.
"""

import argparse
import hmac
import json
import os
import re
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY_LIMIT_BYTES = 1_000_000


def master_key():
    path = os.environ.get("LITELLM_MASTER_KEY_FILE")
    if path:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    return os.environ.get("LITELLM_MASTER_KEY", "")


def model_names(path):
    if not path:
        return ["stand-in"]
    with open(path, encoding="utf-8") as file:
        return re.findall(r"^\s*-?\s*model_name:\s*[\"']?([^\s\"'#]+)", file.read(), re.MULTILINE)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "litellm-stand-in"
    models = []
    key = ""

    def do_GET(self):
        if self.path in ("/health", "/health/liveliness", "/health/readiness"):
            self.answer(200, {"status": "healthy", "standIn": True})
        elif self.path == "/v1/models":
            self.answer(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]})
        else:
            self.fail(404, f"no such path: {self.path}")

    def do_POST(self):
        if self.path != "/v1/chat/completions":
            return self.fail(404, f"no such path: {self.path}")
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.key and not hmac.compare_digest(given.encode(), self.key.encode()):
            return self.fail(401, "wrong key")
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_LIMIT_BYTES:
            return self.fail(413, "body too large")
        try:
            body = json.loads(self.rfile.read(length))
            model, question = body["model"], body["messages"][-1]["content"]
        except (ValueError, KeyError, IndexError, TypeError):
            return self.fail(400, "expected a JSON body with model and messages")
        if model not in self.models:
            return self.fail(400, f"unknown model {model}; configured: {', '.join(self.models)}")
        reply = f"(stand-in for {model}) You said: {question}"
        return self.stream(model, reply) if body.get("stream") else self.answer(200, completion(model, question, reply))

    def stream(self, model, reply):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for word in re.findall(r"\S+\s*", reply):
            self.send_event(json.dumps(chunk(model, {"content": word}, None)))
            time.sleep(0.02)
        self.send_event(json.dumps(chunk(model, {}, "stop")))
        self.send_event("[DONE]")
        self.close_connection = True

    def send_event(self, data):
        self.wfile.write(f"data: {data}\n\n".encode())
        self.wfile.flush()

    def fail(self, status, message):
        self.close_connection = True
        self.answer(status, {"error": {"message": message, "code": str(status)}})

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format, *args):
        if not self.path.startswith("/health"):
            super().log_message(format, *args)


def completion(model, question, reply):
    counts = {"prompt_tokens": len(question.split()), "completion_tokens": len(reply.split())}
    return {
        "id": f"stand-in-{time.time_ns()}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": reply}}],
        "usage": {**counts, "total_tokens": sum(counts.values())},
    }


def chunk(model, delta, finish_reason):
    return {
        "id": f"stand-in-{time.time_ns()}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--config")
    parser.add_argument("--port", type=int, default=4000)
    options = parser.parse_args()
    Handler.models = model_names(options.config)
    Handler.key = master_key()
    # The first process of a container gets no default action for SIGTERM.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"litellm stand-in on port {options.port} for {', '.join(Handler.models)}")
    ThreadingHTTPServer(("0.0.0.0", options.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
