"""What leaves Keyway, read by others' libraries: webhooks by `standardwebhooks`, mail by `aiosmtpd` and Python's own
parser, traces and metrics by the protobuf definitions of OpenTelemetry, `/metrics` by Prometheus' Python client. One
line per check on stdout."""

import email
import email.policy
import json
import os
import re
import sys
import time
import traceback
import urllib.request

from aiosmtpd.controller import Controller
from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families
from standardwebhooks import Webhook, WebhookVerificationError

ORIGIN, KEY, ADMIN_KEY, SINK = (os.environ[name] for name in ("BASE_URL", "KEY", "ADMIN_KEY", "SINK"))
SINK_LOG, SMTP_PORT = os.environ["SINK_LOG"], int(os.environ["SMTP_PORT"])
PATIENCE_S = 40


def call(path, body, key=ADMIN_KEY, headers=()):
    request = urllib.request.Request(ORIGIN + path, json.dumps(body).encode(), method="POST", headers={
        "authorization": f"Bearer {key}", "content-type": "application/json", **dict(headers)})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def taken(path):
    """What the sink was sent at a path: headers and bodies, oldest first."""
    with open(SINK_LOG) as log:
        records = [json.loads(line) for line in log]
    return [record for record in records if record["path"] == path]


def eventually(what, ask):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        found = ask()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {PATIENCE_S} s in vain for {what}")


def test_a_webhook_verifies_with_the_library_of_the_standard():
    hook = call("/v1/organization/webhooks", {"name": "sdk", "url": SINK + "/hook"})
    call(f"/v1/organization/webhooks/{hook['id']}/test", {})
    message = eventually("the message", lambda: taken("/hook"))[0]
    event = Webhook(hook["secret"]).verify(message["body"], message["headers"])
    event = json.loads(event) if isinstance(event, (str, bytes)) else event
    assert event["type"] == "webhook.test" and event["data"]["webhook_id"] == hook["id"], event
    try:
        Webhook(hook["secret"]).verify(message["body"].replace("sdk", "sdl"), message["headers"])
    except WebhookVerificationError:
        return
    raise AssertionError("a changed body verified")


class Post:
    """Keeps what it is handed."""

    def __init__(self):
        self.taken = []

    async def handle_DATA(self, _server, _session, envelope):
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 taken"


def test_an_alert_is_mailed_to_a_server_of_another_make():
    post = Post()
    server = Controller(post, hostname="127.0.0.1", port=SMTP_PORT)
    server.start()
    try:
        # A name that would be a header, were it not kept from being one.
        call("/v1/organization/users", {"email": "owner@example.com", "role": "owner"})
        alert = call("/v1/organization/alerts", {"name": "Prüfung: <b>ö</b>", "on": "cost", "threshold": 1,
                                                 "channels": [{"type": "email"}]})
        assert call(f"/v1/organization/alerts/{alert['id']}/test", {})["messages"] == 1
        sender, recipients, content = eventually("the mail", lambda: post.taken)[0]
    finally:
        server.stop()
    assert recipients == ["owner@example.com"] and "@" in sender, (sender, recipients)
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert not message.defects, message.defects
    assert message["subject"] == "Test: Prüfung: <b>ö</b>" and message["to"] == "owner@example.com", message
    assert message["message-id"] and message["date"], message.items()
    text = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    assert "Nothing has happened." in text and "/console/alerts" in text, text
    assert "&lt;b&gt;ö&lt;/b&gt;" in html and "<b>" not in html, html


def test_metrics_are_scraped():
    request = urllib.request.Request(ORIGIN + "/metrics", headers={"authorization": f"Bearer {ADMIN_KEY}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4"), answer.headers["content-type"]
        text = answer.read().decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    # The parser leaves `_total` to the samples of a counter.
    assert families["keyway_requests"].type == "counter", sorted(families)
    assert sum(sample.value for sample in families["keyway_requests"].samples) > 0
    duration = families["keyway_request_duration_seconds"]
    assert duration.type == "histogram"
    whole = [sample.value for sample in duration.samples if sample.name.endswith("_bucket") and sample.labels["le"] == "+Inf"]
    assert whole == [sample.value for sample in duration.samples if sample.name.endswith("_count")]
    assert all(family.documentation for family in families.values())
    assert KEY not in text and not re.search("key_[0-9a-z]{26}", text)


TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def attributes(span):
    value = lambda it: getattr(it, it.WhichOneof("value"))  # noqa: E731
    return {it.key: value(it.value) for it in span.attributes}


def spans():
    for record in taken("/v1/traces"):
        request = json_format.Parse(record["body"], ExportTraceServiceRequest())
        for resource in request.resource_spans:
            names = {it.key: it.value.string_value for it in resource.resource.attributes}
            assert names["service.name"] == "keyway", names
            for scope in resource.scope_spans:
                yield from scope.spans


def test_a_trace_goes_on_from_its_caller_and_has_the_attributes_of_the_conventions():
    answer = call("/v1/chat/completions", {"model": "mine/small", "messages": [{"role": "user", "content": "hi"}]}, KEY,
                  {"traceparent": f"00-{TRACE}-{PARENT}-01"})
    # OTLP's JSON writes ids in hex, where protobuf's own JSON reads base64: the same letters, decoded alike.
    import base64
    ours = lambda span: span.trace_id == base64.b64decode(TRACE)  # noqa: E731
    span = eventually("the span", lambda: [span for span in spans() if ours(span)])[0]
    assert span.parent_span_id == base64.b64decode(PARENT)
    said = attributes(span)
    usage = answer["usage"]
    expected = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "mine/small", "gen_ai.provider.name": "mine",
                "gen_ai.response.model": "mine/small", "gen_ai.usage.input_tokens": usage["prompt_tokens"],
                "gen_ai.usage.output_tokens": usage["completion_tokens"], "http.response.status_code": 200}
    assert {name: said.get(name) for name in expected} == expected, said
    assert span.end_time_unix_nano > span.start_time_unix_nano
    assert KEY not in json.dumps(taken("/v1/traces")) and "hi" not in said.values()


def test_metrics_are_read():
    record = eventually("metrics", lambda: taken("/v1/metrics"))[-1]
    request = json_format.Parse(record["body"], ExportMetricsServiceRequest())
    metrics = {metric.name: metric for resource in request.resource_metrics
               for scope in resource.scope_metrics for metric in scope.metrics}
    assert metrics["keyway_requests_total"].sum.is_monotonic
    for name in ("keyway_request_duration_seconds", "gen_ai.server.request.duration", "gen_ai.server.time_to_first_token"):
        point = metrics[name].histogram.data_points[0]
        assert len(point.bucket_counts) == len(point.explicit_bounds) + 1 and sum(point.bucket_counts) == point.count, point


def main():
    failed = False
    for name, test in list(globals().items()):
        if not name.startswith("test_"):
            continue
        try:
            test()
            print(f"ok python watch {name}", flush=True)
        except Exception:
            failed = True
            print(f"FAIL python watch {name}: {traceback.format_exc()}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
