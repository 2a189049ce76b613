#!/usr/bin/env bash
# Expected: StringConverter refuses what is not text, or at least writes the same key for the same value.
# Seen: it calls Object.toString(). A byte[] key becomes "[B@" and the address of that array: each record has another key, also two of
#   the same row. A ByteBuffer, the other form that Connect allows for bytes, becomes its bounds: all ids of one length share one key.
#   A timestamp becomes text in the worker's time zone, so two workers write two keys.
# With: Kafka Connect 4.4.0 (connect-api). Run on 2026-11-28.
# Hurts: BINARY(16), UUID-as-bytes or RAW primary keys with key.converter=StringConverter, as most quick starts have it: compaction
#   keeps every row for ever, or only one of all; tombstones delete nothing, or everything; a join on the key finds nothing. Do: cast
#   the key to text in the query or by a transform, or use a converter that knows bytes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>probe</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>connect-api</artifactId><version>4.4.0</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=libs >&2
cat > Probe.java <<'JAVA'
import java.nio.*;
import java.util.*;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.storage.*;
public class Probe {
  static final StringConverter converter = new StringConverter();
  public static void main(String[] none) {
    converter.configure(Map.of(), true);
    byte[] id = {1, 2, 3};
    String once = key(Schema.BYTES_SCHEMA, id.clone()), again = key(Schema.BYTES_SCHEMA, id.clone());
    System.out.println("byte[] 010203 twice: both begin with " + once.substring(0, 3) + ", equal " + once.equals(again));
    System.out.println("ByteBuffer 010203: " + key(Schema.BYTES_SCHEMA, ByteBuffer.wrap(id)));
    System.out.println("ByteBuffer 090909: " + key(Schema.BYTES_SCHEMA, ByteBuffer.wrap(new byte[] {9, 9, 9})));
    for (String zone : List.of("UTC", "Asia/Tokyo")) {
      TimeZone.setDefault(TimeZone.getTimeZone(zone));
      System.out.println("Timestamp 1700000000000: " + key(Timestamp.SCHEMA, new java.util.Date(1700000000000L)));
    }
  }
  static String key(Schema schema, Object value) { return new String(converter.fromConnectData("topic", schema, value)); }
}
JAVA
java -Duser.language=en -Duser.country=US -cp 'libs/*' Probe.java | tee seen
diff seen - <<'SEEN'
byte[] 010203 twice: both begin with [B@, equal false
ByteBuffer 010203: java.nio.HeapByteBuffer[pos=0 lim=3 cap=3]
ByteBuffer 090909: java.nio.HeapByteBuffer[pos=0 lim=3 cap=3]
Timestamp 1700000000000: Tue Nov 14 22:13:20 UTC 2023
Timestamp 1700000000000: Wed Nov 15 07:13:20 JST 2023
SEEN
