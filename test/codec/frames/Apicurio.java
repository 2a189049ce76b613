import io.apicurio.registry.serde.avro.AvroKafkaSerializer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * Values as Apicurio's serializer writes them, one JSON object a line. With a registry of Apicurio 3.0.9 that has three
 * other schemas, so that this one is the fourth, and the jars of
 * io.apicurio:apicurio-registry-avro-serde-kafka:3.1.7:
 *
 *     java -cp 'jars/*' Apicurio.java http://localhost:8080/apis/registry/v3 > apicurio.jsonl
 */
public class Apicurio {
  public static void main(String[] args) throws Exception {
    Schema schema = new Schema.Parser().parse(Path.of("order.avsc").toFile());
    Map<String, Map<String, Object>> writers = new java.util.LinkedHashMap<>();
    writers.put("prefix, contentId", Map.of());
    writers.put("prefix, globalId", Map.of("apicurio.registry.use-id", "globalId"));
    writers.put("headers, contentId", Map.of("apicurio.registry.headers.enabled", true));
    writers.put("headers, globalId", Map.of("apicurio.registry.headers.enabled", true, "apicurio.registry.use-id", "globalId"));
    String handler = "io.apicurio.registry.serde.Legacy8ByteIdHandler";
    writers.put("8 bytes, contentId", Map.of("apicurio.registry.id-handler", handler));
    writers.put("8 bytes, globalId", Map.of("apicurio.registry.id-handler", handler, "apicurio.registry.use-id", "globalId"));
    for (var writer : writers.entrySet()) {
      Map<String, Object> config = new HashMap<>(writer.getValue());
      config.put("apicurio.registry.url", args[0]);
      config.put("apicurio.registry.auto-register", true);
      try (var serializer = new AvroKafkaSerializer<GenericData.Record>()) {
        serializer.configure(config, false);
        write(writer.getKey(), serializer, schema, null, 7, "seven");
        write(writer.getKey(), serializer, schema, "x", 8, "eight ".repeat(40));
      }
    }
  }

  static void write(
      String writer, AvroKafkaSerializer<GenericData.Record> serializer, Schema schema, String note, long id, String text) {
    var order = new GenericData.Record(schema);
    order.put("note", note);
    order.put("id", id);
    order.put("text", text);
    var headers = new RecordHeaders();
    byte[] value = serializer.serialize("orders", headers, order);
    List<String> pairs = new ArrayList<>();
    for (var header : headers)
      pairs.add("[\"" + header.key() + "\", \"" + HexFormat.of().formatHex(header.value()) + "\"]");
    String json = note == null ? "null" : '"' + note + '"';
    System.out.printf(
        "{\"writer\": \"Apicurio 3.1.7, %s\", \"order\": {\"note\": %s, \"id\": %d, \"text\": \"%s\"}, \"key\": null, \"value\": \"%s\", \"headers\": [%s]}%n",
        writer, json, id, text, HexFormat.of().formatHex(value), String.join(", ", pairs));
  }
}
