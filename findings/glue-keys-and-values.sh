#!/usr/bin/env bash
# Expected: a topic's keys and values have a schema each, as with Confluent's serializers (orders-key and orders-value): the serializer is told which it is.
# Seen: AWS Glue's serializer names both as the topic. The key is written first and makes the schema "orders"; the value's schema then is registered as the
#   next version of it. Glue judges that by the compatibility of the schema, which the serializer has made BACKWARD: another record, with other fields.
# With: AWS Glue Schema Registry serde 1.1.25, against a server on the loopback that answers as Glue's API says and knows which names there are. Run on
#   2026-11-30.
# Hurts: topics with Avro keys and values: the second is refused where the compatibility is BACKWARD; where it is NONE keys and values are versions of one
#   schema, and whoever asks for the topic's latest one gets either. Do: a naming class (schemaNameGenerationClass) that uses isKey; or keys as text.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>probe</artifactId><version>1</version><dependencies>
<dependency><groupId>software.amazon.glue</groupId><artifactId>schema-registry-serde</artifactId><version>1.1.25</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=libs >&2
cat > Probe.java <<'JAVA'
import com.amazonaws.services.schemaregistry.serializers.GlueSchemaRegistryKafkaSerializer;
import com.fasterxml.jackson.databind.*;
import com.sun.net.httpserver.*;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.*;
import org.apache.avro.*;
import org.apache.avro.generic.*;
import software.amazon.awssdk.auth.credentials.*;
public class Probe {
  static final Set<String> names = new HashSet<>();
  static int versions = 0;

  public static void main(String[] none) throws Exception {
    HttpServer glue = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    glue.createContext("/", Probe::answer);
    glue.start();
    Schema key = SchemaBuilder.record("OrderKey").fields().requiredLong("id").endRecord();
    Schema value = SchemaBuilder.record("Order").fields().requiredString("customer").endRecord();
    var settings = Map.of("region", "eu-central-1", "endpoint", "http://127.0.0.1:" + glue.getAddress().getPort(), "dataFormat", "AVRO",
      "schemaAutoRegistrationEnabled", "true", "avroRecordType", "GENERIC_RECORD");
    write(settings, true, new GenericRecordBuilder(key).set("id", 7L).build());
    write(settings, false, new GenericRecordBuilder(value).set("customer", "a").build());
    glue.stop(0);
  }

  static void write(Map<String, String> settings, boolean isKey, GenericRecord record) {
    System.out.println((isKey ? "key " : "value ") + record.getSchema().getName());
    var serializer = new GlueSchemaRegistryKafkaSerializer(StaticCredentialsProvider.create(AwsBasicCredentials.create("none", "none")), settings);
    serializer.configure(settings, isKey);
    serializer.serialize("orders", record);
  }

  static void answer(HttpExchange asked) throws IOException {
    String operation = asked.getRequestHeaders().getFirst("X-Amz-Target").replaceAll(".*\\.", "");
    JsonNode given = new ObjectMapper().readTree(asked.getRequestBody());
    String name = given.findPath("SchemaName").asText(), definition = given.path("SchemaDefinition").asText();
    String fault = switch (operation) {
      case "GetSchemaByDefinition" -> "EntityNotFoundException";
      case "CreateSchema" -> names.add(name) ? null : "AlreadyExistsException";
      default -> null;
    };
    if (!name.isEmpty()) System.out.println("  " + operation + " " + name + ": " + (fault == null ? definition : fault));
    if (fault == null && !definition.isEmpty()) versions++;
    String arn = "arn:aws:glue:eu-central-1:000000000000:schema/default-registry/" + name;
    String notThere = names.contains(name) ? "Schema version is not found." : "Schema is not found.";
    Object answer = fault != null ? Map.of("__type", fault, "Message", fault.startsWith("Already") ? "Schema already exists." : notThere)
      : Map.of("SchemaVersionId", new UUID(0, versions), "SchemaArn", arn, "SchemaName", name, "Status", "AVAILABLE", "SchemaVersionStatus", "AVAILABLE", "VersionNumber", versions);
    byte[] body = new ObjectMapper().writeValueAsBytes(answer);
    asked.getResponseHeaders().add("Content-Type", "application/x-amz-json-1.1");
    asked.sendResponseHeaders(fault == null ? 200 : 400, body.length);
    asked.getResponseBody().write(body);
    asked.close();
  }
}
JAVA
java -cp 'libs/*' Probe.java 2> told | tee seen
diff seen - <<'SEEN'
key OrderKey
  GetSchemaByDefinition orders: EntityNotFoundException
  CreateSchema orders: {"type":"record","name":"OrderKey","fields":[{"name":"id","type":"long"}]}
value Order
  GetSchemaByDefinition orders: EntityNotFoundException
  RegisterSchemaVersion orders: {"type":"record","name":"Order","fields":[{"name":"customer","type":"string"}]}
SEEN
