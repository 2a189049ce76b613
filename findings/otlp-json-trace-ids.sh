#!/usr/bin/env bash
# Expected: OTLP's JSON (`encoding: otlp_json` of the OpenTelemetry Collector's Kafka exporter) is Protobuf's JSON of the published .proto files, so
#   Google's JSON parser with the published classes reads it, as it does all other Protobuf JSON.
# Seen: OTLP's specification has trace and span ids in hex, Protobuf's JSON has bytes in base64, and hex digits are base64 as well: the ids come out as
#   24 and 12 bytes in place of 16 and 8, without an error. Written as JSON again they look right; beside the same spans in binary OTLP they meet nothing.
# With: opentelemetry-proto 1.45.2, protobuf 7.36.2 (Python). Run on 2026-11-30.
# Hurts: joins of traces from topics in otlp_json with topics in otlp_proto, or with ids in logs. Do: turn the ids of JSON into base64 before the parser
#   gets it, or have the exporter write otlp_proto.
# Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip -q install opentelemetry-proto==1.45.2 protobuf==7.36.2 >&2
cat > probe.py <<'PY'
from google.protobuf import json_format
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData
TRACE, SPAN = '5b8efff798038103d269b633813fc60c', 'eee19b7ec3c1b174'
text = '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%s","spanId":"%s","name":"pay"}]}]}]}' % (TRACE, SPAN)
of = lambda traces: traces.resource_spans[0].scope_spans[0].spans[0]
parsed = json_format.Parse(text, TracesData())
for name, given, read in (('trace', TRACE, of(parsed).trace_id), ('span', SPAN, of(parsed).span_id)):
    print(name, given, 'is read as', len(read), 'bytes:', read.hex())
again = json_format.MessageToDict(parsed)
print('written as JSON again:', again['resourceSpans'][0]['scopeSpans'][0]['spans'][0]['traceId'])
binary = TracesData.FromString(TracesData(resource_spans=parsed.resource_spans).SerializeToString())
of(binary).trace_id = bytes.fromhex(TRACE)
print('the same id in binary OTLP is equal:', of(binary).trace_id == of(parsed).trace_id)
print('and as JSON is', json_format.MessageToDict(binary)['resourceSpans'][0]['scopeSpans'][0]['spans'][0]['traceId'])
PY
venv/bin/python probe.py | tee seen
diff seen - <<'SEEN'
trace 5b8efff798038103d269b633813fc60c is read as 24 bytes: e5bf1e7df7fbf7cd37f35d37776ebd6fadf7f35ddf73ad1c
span eee19b7ec3c1b174 is read as 12 bytes: 79e7b5f5bede7377356f5ef8
written as JSON again: 5b8efff798038103d269b633813fc60c
the same id in binary OTLP is equal: False
and as JSON is W47/95gDgQPSabYzgT/GDA==
SEEN
