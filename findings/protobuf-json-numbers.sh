#!/usr/bin/env bash
# Expected: what Protobuf's JSON mapping allows is read the same by each library: a 64-bit integer may be a string or a number, a time is RFC 3339's.
# Seen: of the number 9007199254740993 in an int64 Protobuf-ES makes ...992, without an error, and 9223372036854775807, as a number, it refuses; Java and
#   Python have both exactly. With ".0" behind it, which the mapping allows, too, Python rounds and Java does not. As strings all are exact in all three. A
#   leap second, 23:59:60, which RFC 3339 has, is the next second in Java and an error in the others.
# With: protobuf-java-util 4.33.0, protobuf 7.36.2 (Python 3.11, upb), @bufbuild/protobuf 2.17.0 (Node 20.20). Run on 2026-11-30.
# Hurts: JSON that others write (devices, SQL, jsonb) and a service turns into Protobuf for a topic: ids of 64 bits become the neighbour's in Node, and a
#   look-up finds that one's row. Do: have integers of 64 bits written as strings, as the mapping's own printers do.
# Source: https://protobuf.dev/programming-guides/json/
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @bufbuild/protobuf@2.17.0
python3 -m venv py
py/bin/pip install -q protobuf==7.36.2
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>probe</artifactId><version>1</version><dependencies>
<dependency><groupId>com.google.protobuf</groupId><artifactId>protobuf-java-util</artifactId><version>4.33.0</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=libs >&2
cat > int64s <<'JSON'
"9007199254740993"
9007199254740993
9007199254740993.0
9223372036854775807
JSON
cat > times <<'JSON'
"2016-12-31T23:59:59.123456789Z"
"2016-12-31T23:59:60Z"
JSON
cat > probe.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { fromJsonString, toJsonString } from '@bufbuild/protobuf';
import { Int64ValueSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
for (const [file, schema] of [['int64s', Int64ValueSchema], ['times', TimestampSchema]]) {
  for (const given of readFileSync(file, 'utf8').trim().split('\n')) {
    let read = 'refused';
    try {
      read = toJsonString(schema, fromJsonString(schema, given));
    } catch {}
    console.log(`Protobuf-ES ${given}: ${read}`);
  }
}
JS
cat > probe.py <<'PY'
from google.protobuf import json_format, timestamp_pb2, wrappers_pb2
for file, message in ("int64s", wrappers_pb2.Int64Value), ("times", timestamp_pb2.Timestamp):
    for given in open(file).read().split():
        try:
            read = json_format.MessageToJson(json_format.Parse(given, message()))
        except json_format.ParseError:
            read = "refused"
        print(f"Python {given}: {read}")
PY
cat > Probe.java <<'JAVA'
import com.google.protobuf.*;
import com.google.protobuf.util.JsonFormat;
import java.nio.file.*;
public class Probe {
  public static void main(String[] none) throws Exception {
    print("int64s", Int64Value.getDefaultInstance());
    print("times", Timestamp.getDefaultInstance());
  }

  static void print(String file, Message type) throws Exception {
    for (String given : Files.readAllLines(Path.of(file))) {
      Message.Builder read = type.newBuilderForType();
      try {
        JsonFormat.parser().merge(given, read);
        System.out.println("Java " + given + ": " + JsonFormat.printer().print(read));
      } catch (InvalidProtocolBufferException raised) {
        System.out.println("Java " + given + ": refused");
      }
    }
  }
}
JAVA
{ java -cp 'libs/*' Probe.java; py/bin/python probe.py; node probe.mjs; } | tee seen
diff seen - <<'SEEN'
Java "9007199254740993": "9007199254740993"
Java 9007199254740993: "9007199254740993"
Java 9007199254740993.0: "9007199254740993"
Java 9223372036854775807: "9223372036854775807"
Java "2016-12-31T23:59:59.123456789Z": "2016-12-31T23:59:59.123456789Z"
Java "2016-12-31T23:59:60Z": "2017-01-01T00:00:00Z"
Python "9007199254740993": "9007199254740993"
Python 9007199254740993: "9007199254740993"
Python 9007199254740993.0: "9007199254740992"
Python 9223372036854775807: "9223372036854775807"
Python "2016-12-31T23:59:59.123456789Z": "2016-12-31T23:59:59.123456789Z"
Python "2016-12-31T23:59:60Z": refused
Protobuf-ES "9007199254740993": "9007199254740993"
Protobuf-ES 9007199254740993: "9007199254740992"
Protobuf-ES 9007199254740993.0: "9007199254740992"
Protobuf-ES 9223372036854775807: refused
Protobuf-ES "2016-12-31T23:59:59.123456789Z": "2016-12-31T23:59:59.123456789Z"
Protobuf-ES "2016-12-31T23:59:60Z": refused
SEEN
