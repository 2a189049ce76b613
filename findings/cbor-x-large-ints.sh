#!/usr/bin/env bash
# Expected: an integer is written as an integer: CBOR and MessagePack have them up to 64 bits, and JavaScript's numbers hold whole ones up to 2^53.
# Seen: cbor-x and msgpackr write each whole number past 32 bits as a double, so 4294967295 is an int and 4294967296 is not. Python and Java read a
#   float: the text of a time in milliseconds is "1764543600000.0" there and "1.7645436E12" here. The packages cbor and @msgpack/msgpack write integers.
# With: cbor-x 1.6.9, cbor 10.0.12, msgpackr 2.1.4, @msgpack/msgpack 3.1.3 (Node 20.20); cbor2 6.3.0, msgpack 1.2.4 (Python 3.11); jackson-dataformat-cbor
#   2.20.1. Run on 2026-11-30.
# Hurts: payloads of devices and gateways that a bridge brings to Kafka: an id or a time is a key as text, and "1764543600000.0" meets nothing; ids below 2^32
#   do, so a test with small ones is green. Do: BigInt(n) for ids and times before encoding; where it is read, turn whole floats into ints.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts cbor-x@1.6.9 cbor@10.0.12 msgpackr@2.1.4 @msgpack/msgpack@3.1.3
python3 -m venv py
py/bin/pip install -q cbor2==6.3.0 msgpack==1.2.4
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>probe</artifactId><version>1</version><dependencies>
<dependency><groupId>com.fasterxml.jackson.dataformat</groupId><artifactId>jackson-dataformat-cbor</artifactId><version>2.20.1</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=libs >&2
cat > probe.mjs <<'JS'
import { encode as msgpack } from '@msgpack/msgpack';
import cbor from 'cbor';
import * as cborX from 'cbor-x';
import * as msgpackr from 'msgpackr';
const encoders = { 'cbor-x': cborX.encode, cbor: cbor.encode, msgpackr: msgpackr.pack, '@msgpack/msgpack': msgpack };
for (const [name, encode] of Object.entries(encoders)) {
  for (const value of [4294967295, 4294967296, 1764543600000]) console.log(name, value, Buffer.from(encode(value)).toString('hex'));
}
console.log('cbor-x', 'BigInt(1764543600000)', Buffer.from(cborX.encode(1764543600000n)).toString('hex'));
console.log('msgpackr', 'BigInt(1764543600000)', Buffer.from(msgpackr.pack(1764543600000n)).toString('hex'));
JS
cat > probe.py <<'PY'
import sys
import cbor2, msgpack
for line in sys.stdin:
    name, value, encoded = line.split()
    read = cbor2.loads if name.startswith("cbor") else msgpack.unpackb
    print(f"{name} {value}: {encoded}, read {read(bytes.fromhex(encoded))!r}")
PY
cat > Probe.java <<'JAVA'
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import java.util.HexFormat;
public class Probe {
  public static void main(String[] none) throws Exception {
    for (String encoded : new String[] {"fb4279ad6fe9580000", "1b0000019ad6fe9580"}) {
      Object read = new CBORMapper().readValue(HexFormat.of().parseHex(encoded), Object.class);
      System.out.println("Java " + encoded + ": " + read.getClass().getSimpleName() + " " + read);
    }
  }
}
JAVA
{ node probe.mjs | py/bin/python probe.py; java -cp 'libs/*' Probe.java; } | tee seen
diff seen - <<'SEEN'
cbor-x 4294967295: 1affffffff, read 4294967295
cbor-x 4294967296: fb41f0000000000000, read 4294967296.0
cbor-x 1764543600000: fb4279ad6fe9580000, read 1764543600000.0
cbor 4294967295: 1affffffff, read 4294967295
cbor 4294967296: 1b0000000100000000, read 4294967296
cbor 1764543600000: 1b0000019ad6fe9580, read 1764543600000
msgpackr 4294967295: ceffffffff, read 4294967295
msgpackr 4294967296: cb41f0000000000000, read 4294967296.0
msgpackr 1764543600000: cb4279ad6fe9580000, read 1764543600000.0
@msgpack/msgpack 4294967295: ceffffffff, read 4294967295
@msgpack/msgpack 4294967296: cf0000000100000000, read 4294967296
@msgpack/msgpack 1764543600000: cf0000019ad6fe9580, read 1764543600000
cbor-x BigInt(1764543600000): 1b0000019ad6fe9580, read 1764543600000
msgpackr BigInt(1764543600000): d30000019ad6fe9580, read 1764543600000
Java fb4279ad6fe9580000: Double 1.7645436E12
Java 1b0000019ad6fe9580: Long 1764543600000
SEEN
