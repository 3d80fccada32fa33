"""The gateway: the one service that the outside reaches, and the one that reaches the model, the cache and the database.

Answers are cached in redis for a minute and every question is counted in postgres; both are a help and not a condition:
a chat still works when they are away. `/deps` says what can be reached.
"""

import asyncio
import hashlib
import json
import os
import socket
import time
from pathlib import Path

import asyncpg
import httpx
from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field
from redis import asyncio as redis

CACHE_SECONDS = 60
CHECK_TIMEOUT_SECONDS = 3
MODEL_TIMEOUT_SECONDS = 120


def setting(name: str, default: str = "") -> str:
    """The content of the file that NAME_FILE names, else the variable NAME."""
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text(encoding="utf-8").strip() if path else os.environ.get(name, default)


LITELLM_URL = setting("LITELLM_URL", "http://litellm:4000")
POSTGRES_HOST = setting("POSTGRES_HOST", "postgres")
REDIS_URL = setting("REDIS_URL", "redis://redis:6379/0")

app = FastAPI(title="AI gateway")
litellm = httpx.AsyncClient(
    base_url=LITELLM_URL,
    headers={"Authorization": f"Bearer {setting('LITELLM_API_KEY')}"},
    timeout=MODEL_TIMEOUT_SECONDS,
)
cache = redis.from_url(REDIS_URL, socket_timeout=CHECK_TIMEOUT_SECONDS, socket_connect_timeout=CHECK_TIMEOUT_SECONDS)


class ChatRequest(BaseModel):
    message: str = Field(min_length=1, max_length=32_000)
    model: str = "kimi-k2"

    def body(self, stream: bool) -> dict:
        return {"model": self.model, "stream": stream, "messages": [{"role": "user", "content": self.message}]}

    def cache_key(self) -> str:
        return "chat:" + hashlib.sha256(f"{self.model}\0{self.message}".encode()).hexdigest()


async def connect() -> asyncpg.Connection:
    return await asyncpg.connect(
        host=POSTGRES_HOST,
        user=setting("POSTGRES_USER"),
        password=setting("POSTGRES_PASSWORD"),
        database=setting("POSTGRES_DB"),
        timeout=CHECK_TIMEOUT_SECONDS,
    )


@app.get("/health")
async def health():
    return {"status": "ok"}


async def check_litellm():
    (await litellm.get("/health", timeout=CHECK_TIMEOUT_SECONDS)).raise_for_status()


async def check_redis():
    await cache.ping()


async def check_postgres():
    connection = await connect()
    try:
        await connection.fetchval("select 1")
    finally:
        await connection.close()


async def checked(name: str, check) -> dict:
    """Looks the name up, then talks to what it found."""
    started = time.monotonic()
    try:
        found = await asyncio.get_running_loop().getaddrinfo(name, None, family=socket.AF_INET, type=socket.SOCK_STREAM)
        await asyncio.wait_for(check(), CHECK_TIMEOUT_SECONDS)
    except Exception as error:  # whatever is wrong with a dependency is the answer, not a fault of ours
        return {"ok": False, "error": type(error).__name__}
    return {"ok": True, "address": found[0][4][0], "ms": round((time.monotonic() - started) * 1000)}


@app.get("/ready")
@app.get("/deps")
async def deps():
    checks = {
        httpx.URL(LITELLM_URL).host: check_litellm,
        httpx.URL(REDIS_URL).host: check_redis,
        POSTGRES_HOST: check_postgres,
    }
    results = await asyncio.gather(*(checked(name, check) for name, check in checks.items()))
    reached = dict(zip(checks, results))
    ready = all(result["ok"] for result in results)
    return JSONResponse({"ready": ready, "reached": reached}, status_code=200 if ready else 503)


async def best_effort(work):
    """The result, or None when the helper is away."""
    try:
        return await asyncio.wait_for(work, CHECK_TIMEOUT_SECONDS)
    except Exception:
        return None


async def count_question(model: str):
    connection = await connect()
    try:
        await connection.execute("create table if not exists questions (model text primary key, asked bigint not null)")
        await connection.execute(
            "insert into questions values ($1, 1) on conflict (model) do update set asked = questions.asked + 1", model
        )
    finally:
        await connection.close()


@app.post("/chat")
async def chat(request: ChatRequest):
    await best_effort(count_question(request.model))
    kept = await best_effort(cache.get(request.cache_key()))
    if kept is not None:
        return {"reply": kept.decode(), "cached": True}
    try:
        answer = await litellm.post("/v1/chat/completions", json=request.body(stream=False))
    except httpx.HTTPError as error:
        raise HTTPException(502, f"litellm does not answer: {type(error).__name__}") from error
    if answer.is_error:
        raise HTTPException(502, f"litellm answered {answer.status_code}: {answer.text[:500]}")
    reply = answer.json()["choices"][0]["message"]["content"]
    await best_effort(cache.set(request.cache_key(), reply, ex=CACHE_SECONDS))
    return {"reply": reply, "cached": False}


@app.post("/chat/stream")
async def chat_stream(request: ChatRequest):
    """Server-sent events: one `{"text": ...}` for each piece of the answer, `[DONE]` at the end."""

    async def events():
        try:
            async with litellm.stream("POST", "/v1/chat/completions", json=request.body(stream=True)) as answer:
                answer.raise_for_status()
                async for line in answer.aiter_lines():
                    data = line.removeprefix("data: ").strip()
                    if not line.startswith("data: ") or data == "[DONE]":
                        continue
                    text = json.loads(data)["choices"][0]["delta"].get("content")
                    if text:
                        yield f"data: {json.dumps({'text': text})}\n\n"
        except httpx.HTTPError as error:
            yield f"event: error\ndata: {json.dumps({'error': type(error).__name__})}\n\n"
        yield "data: [DONE]\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")
