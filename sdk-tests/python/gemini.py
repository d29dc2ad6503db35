"""Google's official Python SDK before a provider that speaks OpenAI chat. One line per check on stdout."""

import asyncio
import functools
import os
import sys
import traceback

from google import genai
from google.genai import errors, types

ORIGIN, KEY = os.environ["BASE_URL"], os.environ["KEY"]
MODEL = "mine/small"
TEXT = "Hello from the scripted provider."
HELLO = "Say hello."
WEATHER = types.Tool(function_declarations=[types.FunctionDeclaration(
    name="weather", description="Weather of a city", parameters_json_schema={
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})])


@functools.cache  # a client that nobody holds closes itself, in the middle of a call
def client(key=KEY, version="v1beta"):
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=ORIGIN, api_version=version, timeout=20_000))


def test_an_answer():
    for version in ("v1beta", "v1"):
        answer = client(version=version).models.generate_content(
            model=MODEL, contents=HELLO, config=types.GenerateContentConfig(max_output_tokens=64, temperature=0.5))
        assert answer.text == TEXT, answer
        assert answer.candidates[0].finish_reason == types.FinishReason.STOP, answer
        used = answer.usage_metadata
        assert (used.prompt_token_count, used.cached_content_token_count, used.candidates_token_count) == (11, 4, 5), used


def test_instructions_of_the_system():
    config = types.GenerateContentConfig(system_instruction="Be brief.", stop_sequences=["END"])
    assert client().models.generate_content(model=MODEL, contents=HELLO, config=config).text == TEXT


def test_a_stream():
    chunks = list(client().models.generate_content_stream(model=MODEL, contents=HELLO))
    assert "".join(chunk.text or "" for chunk in chunks).strip() == TEXT, chunks
    assert chunks[-1].usage_metadata.candidates_token_count == 5, chunks[-1]


def test_an_asynchronous_stream():
    async def run():
        said = ""
        async for chunk in await client().aio.models.generate_content_stream(model=MODEL, contents=HELLO):
            said += chunk.text or ""
        return said
    assert asyncio.run(run()).strip() == TEXT


def test_a_tool_loop():
    for streamed in (False, True):
        contents = [types.Content(role="user", parts=[types.Part(text=HELLO)])]
        for turn in range(2):
            options = dict(model=MODEL, contents=contents, config=types.GenerateContentConfig(tools=[WEATHER]))
            if streamed:
                parts = [part for chunk in client().models.generate_content_stream(**options)
                         for part in (chunk.candidates[0].content.parts if chunk.candidates[0].content else None) or []]
            else:
                parts = client().models.generate_content(**options).candidates[0].content.parts
            if turn == 0:
                call = next(part for part in parts if part.function_call)
                assert (call.function_call.name, call.function_call.args) == ("weather", {"city": "Lisbon"}), parts
                answer = types.Part.from_function_response(name="weather", response={"result": "rain"})
                answer.function_response.id = call.function_call.id
                contents += [types.Content(role="model", parts=[call]), types.Content(role="user", parts=[answer])]
        assert "".join(part.text or "" for part in parts).strip() == TEXT, parts


def test_tokens_are_counted():
    assert 1 < client().models.count_tokens(model=MODEL, contents=HELLO).total_tokens < 50


def test_models_are_listed():
    names = [model.name for model in client().models.list()]
    assert f"models/{MODEL}" in names, names


def test_errors_are_googles():
    try:
        client(key="sk-kw-live-nothing").models.generate_content(model=MODEL, contents=HELLO)
        raise AssertionError("a wrong key was let in")
    except errors.ClientError as error:
        assert (error.code, error.status) == (401, "UNAUTHENTICATED"), error
    try:
        client().models.generate_content(model="mine/nothing", contents=HELLO)
        raise AssertionError("there is no such model")
    except errors.ClientError as error:
        assert (error.code, error.status) == (404, "NOT_FOUND"), error


def main():
    failed = False
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            try:
                test()
                print(f"ok google {name[5:]}", flush=True)
            except Exception:
                failed = True
                print(f"FAIL google {name[5:]}: {traceback.format_exc()}", flush=True)
    sys.exit(failed)


main()
