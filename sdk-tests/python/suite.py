"""The official Python SDK, used as its documentation shows. One line per check on stdout."""

import asyncio
import os
import sys
import traceback

import openai
from dotenv import load_dotenv
from openai import AsyncOpenAI, OpenAI

ORIGIN, KEY = os.environ["BASE_URL"], os.environ["KEY"]
MODEL = "mine/small"
TEXT = "Hello from the scripted provider."
HELLO = [{"role": "user", "content": "Say hello."}]
TOOLS = [{"type": "function", "function": {"name": "weather", "description": "Weather of a city", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]


def client(base="/v1", key=KEY, kind=OpenAI):
    return kind(base_url=ORIGIN + base, api_key=key, max_retries=0, timeout=20)


def raised(kind, call):
    try:
        call()
    except kind as error:
        assert type(error) is kind, f"{type(error).__name__} instead of {kind.__name__}"
        assert error.response.headers.get("x-request-id"), "no x-request-id"
        return error
    raise AssertionError(f"no {kind.__name__}")


def test_models_are_listed():
    ids = [model.id for model in client().models.list()]
    assert MODEL in ids, ids


def test_a_model_is_retrieved():
    assert client().models.retrieve(MODEL).id == MODEL


def test_chat():
    answer = client().chat.completions.create(model=MODEL, messages=HELLO)
    assert answer.choices[0].message.content == TEXT
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (11, 5), answer.usage
    assert answer.usage.prompt_tokens_details.cached_tokens == 4


def test_request_id_is_exposed():
    answer = client().chat.completions.create(model=MODEL, messages=HELLO)
    assert answer._request_id and answer._request_id.startswith("req_"), answer._request_id
    raw = client().chat.completions.with_raw_response.create(model=MODEL, messages=HELLO)
    assert raw.headers["x-request-id"].startswith("req_")
    assert raw.headers["x-request-id"] != answer._request_id


def test_bare_model_name():
    answer = client().chat.completions.create(model="small", messages=HELLO)
    assert answer.choices[0].message.content == TEXT


def test_stream_without_usage():
    chunks = list(client().chat.completions.create(model=MODEL, messages=HELLO, stream=True))
    assert "".join(c.choices[0].delta.content or "" for c in chunks).strip() == TEXT
    assert all(chunk.choices for chunk in chunks), "a chunk without choices that was not asked for"
    assert all(chunk.usage is None for chunk in chunks), "usage that was not asked for"


def test_stream_with_usage():
    chunks = list(client().chat.completions.create(
        model=MODEL, messages=HELLO, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens == 16, chunks[-1]
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_stream_closed_early():
    stream = client().chat.completions.create(model=MODEL, messages=HELLO, stream=True)
    next(iter(stream))
    stream.close()


def test_stream_helper():
    with client().chat.completions.stream(model=MODEL, messages=HELLO) as stream:
        for _ in stream:
            pass
        assert stream.get_final_completion().choices[0].message.content.strip() == TEXT


def test_tool_round_trip():
    api = client()
    first = api.chat.completions.create(model=MODEL, messages=HELLO, tools=TOOLS)
    call = first.choices[0].message.tool_calls[0]
    assert first.choices[0].finish_reason == "tool_calls"
    assert (call.function.name, call.function.arguments) == ("weather", '{"city":"Lisbon"}')
    result = {"role": "tool", "tool_call_id": call.id, "content": '{"sky":"clear"}'}
    second = api.chat.completions.create(model=MODEL, messages=[*HELLO, first.choices[0].message, result], tools=TOOLS)
    assert second.choices[0].message.content == TEXT


def test_tool_call_streamed():
    arguments, finish = "", None
    for chunk in client().chat.completions.create(model=MODEL, messages=HELLO, tools=TOOLS, stream=True):
        for part in chunk.choices[0].delta.tool_calls or []:
            arguments += part.function.arguments or ""
        finish = chunk.choices[0].finish_reason or finish
    assert (arguments, finish) == ('{"city":"Lisbon"}', "tool_calls")


def test_async():
    async def run():
        api = client(kind=AsyncOpenAI)
        answers = await asyncio.gather(*(api.chat.completions.create(model=MODEL, messages=HELLO) for _ in range(8)))
        assert all(answer.choices[0].message.content == TEXT for answer in answers)
        text = ""
        async for chunk in await api.chat.completions.create(model=MODEL, messages=HELLO, stream=True):
            text += chunk.choices[0].delta.content or ""
        assert text.strip() == TEXT
        await api.close()
    asyncio.run(run())


def test_openai_alias():
    api = client("/openai/v1")
    assert api.chat.completions.create(model=MODEL, messages=HELLO).choices[0].message.content == TEXT
    assert MODEL in [model.id for model in api.models.list()]


def test_deepseek_sample():
    answer = client("").chat.completions.create(
        model="deepseek-chat",
        messages=[{"role": "system", "content": "You are a helpful assistant."}, {"role": "user", "content": "Hello!"}],
        stop=["END"], temperature=1.3, top_p=0.9, max_tokens=256)
    assert answer.choices[0].message.content == TEXT
    assert answer.usage.prompt_cache_hit_tokens == 4


def test_deepseek_stream():
    chunks = list(client().chat.completions.create(model="deepseek-chat", messages=HELLO, stream=True))
    assert "".join(c.choices[0].delta.content or "" for c in chunks).strip() == TEXT


def test_unknown_fields_ride_along():
    answer = client().chat.completions.create(model=MODEL, messages=HELLO, extra_body={"top_k": 40, "x": {"y": [1, None]}})
    assert answer.choices[0].message.content == TEXT


def test_key_from_dotenv():
    assert load_dotenv(".env", override=True)
    assert OpenAI(max_retries=0).chat.completions.create(model=MODEL, messages=HELLO).choices[0].message.content == TEXT


def test_bad_key():
    for key in ("sk-nonsense", KEY[:-1] + ("0" if KEY[-1] != "0" else "1")):
        error = raised(openai.AuthenticationError, lambda: client(key=key).models.list())
        assert error.code == "invalid_api_key", error.code
        assert key not in str(error)


def test_admin_key_does_not_infer():
    admin = client(key=os.environ["ADMIN_KEY"])
    error = raised(openai.PermissionDeniedError, lambda: admin.chat.completions.create(model=MODEL, messages=HELLO))
    assert error.code == "wrong_key_type", error.code


def test_unknown_model():
    error = raised(openai.NotFoundError, lambda: client().chat.completions.create(model="no/such", messages=HELLO))
    assert error.code == "model_not_found", error.code
    raised(openai.NotFoundError, lambda: client().models.retrieve("no/such"))


def test_malformed_request():
    raised(openai.BadRequestError, lambda: client().chat.completions.create(model=["x"], messages=HELLO))


def test_upstream_429():
    for stream in (False, True):
        error = raised(openai.RateLimitError, lambda: client().chat.completions.create(
            model="mine/limited", messages=HELLO, stream=stream))
        assert error.response.headers["retry-after"] == "7", dict(error.response.headers)


def test_a_limit_of_the_key():
    limited = client(key=os.environ["LIMITED_KEY"])
    first = limited.chat.completions.with_raw_response.create(model=MODEL, messages=HELLO)
    assert first.headers["x-ratelimit-remaining-requests"] == "0", dict(first.headers)
    error = raised(openai.RateLimitError, lambda: limited.chat.completions.create(model=MODEL, messages=HELLO))
    assert (error.code, error.type) == ("rate_limit_exceeded", "rate_limit_error"), error
    headers = error.response.headers
    assert headers["x-ratelimit-limit-requests"] == "1" and 0 < int(headers["retry-after"]) <= 60, dict(headers)
    assert 0 < int(headers["retry-after-ms"]) <= 60_000, dict(headers)


def test_upstream_401():
    for stream in (False, True):
        error = raised(openai.InternalServerError, lambda: client().chat.completions.create(
            model="mine/refused", messages=HELLO, stream=stream))
        assert (error.status_code, error.code) == (502, "upstream_auth"), (error.status_code, error.code)


def test_upstream_html():
    error = raised(openai.InternalServerError, lambda: client().chat.completions.create(model="mine/broken", messages=HELLO))
    assert (error.status_code, error.code) == (502, "upstream_error"), (error.status_code, error.code)


def main():
    failed = False
    for name, test in list(globals().items()):
        if not name.startswith("test_"):
            continue
        try:
            test()
            print(f"ok python {name}", flush=True)
        except Exception as error:
            failed = True
            where = traceback.extract_tb(error.__traceback__)[-1]
            print(f"FAIL python {name}: line {where.lineno}: {type(error).__name__}: {error}", flush=True)
    sys.exit(failed)


main()
