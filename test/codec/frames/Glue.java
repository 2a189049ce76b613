import com.amazonaws.services.schemaregistry.common.configs.GlueSchemaRegistryConfiguration;
import com.amazonaws.services.schemaregistry.serializers.SerializationDataEncoder;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.UUID;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.EncoderFactory;

/**
 * Values as the encoder of AWS Glue's serializers writes them, one JSON object a line. With the jars of
 * software.amazon.glue:schema-registry-serde:1.1.24:
 *
 *     java -cp 'jars/*' Glue.java > glue.jsonl
 */
public class Glue {
  static final UUID VERSION = UUID.fromString("b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63");

  public static void main(String[] args) throws Exception {
    Schema schema = new Schema.Parser().parse(Path.of("order.avsc").toFile());
    for (String compression : new String[] {"NONE", "ZLIB"}) {
      var config = new GlueSchemaRegistryConfiguration(Map.of("region", "eu-west-1", "compression", compression));
      var encoder = new SerializationDataEncoder(config);
      write(compression, encoder, schema, null, 7, "seven");
      write(compression, encoder, schema, "x", 8, "eight ".repeat(40));
    }
  }

  static void write(
      String compression, SerializationDataEncoder encoder, Schema schema, String note, long id, String text)
      throws Exception {
    var order = new GenericData.Record(schema);
    order.put("note", note);
    order.put("id", id);
    order.put("text", text);
    var body = new ByteArrayOutputStream();
    var binary = EncoderFactory.get().directBinaryEncoder(body, null);
    new GenericDatumWriter<>(schema).write(order, binary);
    byte[] value = encoder.write(body.toByteArray(), VERSION);
    String json = note == null ? "null" : '"' + note + '"';
    System.out.printf(
        "{\"writer\": \"Glue 1.1.24, %s\", \"order\": {\"note\": %s, \"id\": %d, \"text\": \"%s\"}, \"key\": null, \"value\": \"%s\", \"headers\": []}%n",
        compression, json, id, text, HexFormat.of().formatHex(value));
  }
}
