import com.amazonaws.services.schemaregistry.deserializers.GlueSchemaRegistryKafkaDeserializer;
import com.amazonaws.services.schemaregistry.serializers.GlueSchemaRegistryKafkaSerializer;
import com.amazonaws.services.schemaregistry.utils.AvroRecordType;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Scanner;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;

/**
 * AWS Glue's Kafka serializer and deserializer for Java at an endpoint: of lines `write TOPIC COMPRESSION SCHEMA ID TEXT` the value in hex, of
 * lines `read TOPIC HEX` the record as JSON.
 */
public class GlueSerde {
  public static void main(String[] args) {
    Scanner lines = new Scanner(System.in);
    while (lines.hasNextLine()) {
      String[] line = lines.nextLine().split("\t");
      System.out.println(line[0].equals("write") ? write(args[0], line) : read(args[0], line));
    }
  }

  static Map<String, Object> config(String endpoint) {
    Map<String, Object> config = new HashMap<>();
    config.put("region", "eu-central-1");
    config.put("endpoint", endpoint);
    config.put("dataFormat", "AVRO");
    config.put("avroRecordType", AvroRecordType.GENERIC_RECORD.getName());
    config.put("schemaAutoRegistrationEnabled", true);
    return config;
  }

  static String write(String endpoint, String[] line) {
    Map<String, Object> config = config(endpoint);
    config.put("compression", line[2]);
    GlueSchemaRegistryKafkaSerializer serializer = new GlueSchemaRegistryKafkaSerializer(config);
    GenericData.Record record = new GenericData.Record(new Schema.Parser().parse(line[3]));
    record.put("id", Long.parseLong(line[4]));
    record.put("text", line[5]);
    return HexFormat.of().formatHex(serializer.serialize(line[1], record));
  }

  static String read(String endpoint, String[] line) {
    GlueSchemaRegistryKafkaDeserializer deserializer =
        new GlueSchemaRegistryKafkaDeserializer(config(endpoint));
    return deserializer.deserialize(line[1], HexFormat.of().parseHex(line[2])).toString();
  }
}
