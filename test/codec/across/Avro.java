import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.avro.Conversions;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.EncoderFactory;

/**
 * The values of cells.jsonl as Java's Avro encodes them, a line for each cell, in hex: of each value what is read, null where that is not
 * Avro, and what is written. With the jars of org.apache.avro:avro:1.12.0:
 *
 *     java -cp 'jars/*' Avro.java > avro.jsonl
 */
public class Avro {
  static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  public static void main(String[] args) throws Exception {
    for (String line : Files.readAllLines(Path.of("cells.jsonl"))) {
      JsonNode cell = JSON.readTree(line);
      JsonNode written = cell.path("as").isMissingNode() ? cell.get("schema") : cell.get("as");
      boolean isAvro = cell.get("from").asText().equals("avro");
      List<List<String>> lines = new ArrayList<>();
      for (JsonNode value : cell.get("values")) {
        String given = value.isArray() ? value.get(0).asText() : value.asText();
        String read = isAvro && !given.equals("absent") ? encoded(cell.get("schema"), given) : null;
        List<String> both = new ArrayList<>();
        both.add(read);
        both.add(encoded(written, value.isArray() ? value.get(1).asText() : given));
        lines.add(both);
      }
      System.out.println(JSON.writeValueAsString(lines));
    }
  }

  /** A record's only field; of several, which have names, the whole record. */
  static String encoded(JsonNode type, String text) throws Exception {
    boolean isWhole = type.isArray() && type.get(0).isArray();
    List<Map<String, Object>> fields = new ArrayList<>();
    for (JsonNode one : isWhole ? type : JSON.createArrayNode().add(type)) {
      Map<String, Object> field = new LinkedHashMap<>();
      field.put("name", isWhole ? one.get(0).asText() : "v");
      field.put("type", isWhole ? one.get(1) : one);
      fields.add(field);
    }
    Map<String, Object> record = new LinkedHashMap<>();
    record.put("type", "record");
    record.put("name", "R");
    record.put("fields", fields);
    Schema schema = new Schema.Parser().parse(JSON.writeValueAsString(record));
    var out = new ByteArrayOutputStream();
    var encoder = EncoderFactory.get().directBinaryEncoder(out, null);
    // As a number it would lose its sign.
    String json = text.matches("-0(\\.0)?") ? '"' + text + '"' : text;
    Object value = valueOf(schema, JSON.readTree(isWhole ? json : "{\"v\":" + json + "}"));
    new GenericDatumWriter<Object>(schema).write(value, encoder);
    encoder.flush();
    return HexFormat.of().formatHex(out.toByteArray());
  }

  static Object valueOf(Schema schema, JsonNode json) {
    String logical = schema.getLogicalType() == null ? "" : schema.getLogicalType().getName();
    if (String.valueOf(schema.getProp("connect.name")).endsWith("MicroTimestamp"))
      logical = "timestamp-micros";
    if (!logical.isEmpty()) return ofLogical(logical, schema, json.asText(), json);
    switch (schema.getType()) {
      case RECORD: {
        var record = new GenericData.Record(schema);
        for (var field : schema.getFields())
          record.put(field.pos(), valueOf(field.schema(), json.get(field.name())));
        return record;
      }
      case ARRAY: {
        var list = new ArrayList<Object>();
        for (JsonNode item : json) list.add(valueOf(schema.getElementType(), item));
        return list;
      }
      case MAP: {
        var map = new LinkedHashMap<String, Object>();
        json.fields().forEachRemaining(e -> map.put(e.getKey(), valueOf(schema.getValueType(), e.getValue())));
        return map;
      }
      case UNION:
        for (Schema branch : schema.getTypes()) if (isOf(branch, json)) return valueOf(branch, json);
        throw new IllegalArgumentException(schema + " " + json);
      case ENUM: return new GenericData.EnumSymbol(schema, json.asText());
      case FIXED: return new GenericData.Fixed(schema, Base64.getDecoder().decode(json.asText()));
      case BYTES: return ByteBuffer.wrap(Base64.getDecoder().decode(json.asText()));
      case STRING: return json.asText();
      case INT: return json.intValue();
      case LONG: return json.longValue();
      case FLOAT: return Float.parseFloat(json.asText());
      case DOUBLE: return Double.parseDouble(json.asText());
      case BOOLEAN: return json.booleanValue();
      default: return null;
    }
  }

  static boolean isOf(Schema branch, JsonNode json) {
    if (json.isNull()) return branch.getType() == Schema.Type.NULL;
    if (branch.getType() == Schema.Type.NULL) return false;
    return branch.getType() != Schema.Type.STRING || json.isTextual();
  }

  static Object ofLogical(String name, Schema schema, String text, JsonNode json) {
    var type = schema.getLogicalType();
    switch (name) {
      case "decimal": {
        var conversion = new Conversions.DecimalConversion();
        var decimal = json.decimalValue().setScale(((LogicalTypes.Decimal) type).getScale());
        return schema.getType() == Schema.Type.BYTES
            ? conversion.toBytes(decimal, schema, type)
            : conversion.toFixed(decimal, schema, type);
      }
      case "uuid": {
        var conversion = new Conversions.UUIDConversion();
        return schema.getType() == Schema.Type.STRING
            ? conversion.toCharSequence(UUID.fromString(text), schema, type)
            : conversion.toFixed(UUID.fromString(text), schema, type);
      }
      case "date": return new TimeConversions.DateConversion().toInt(LocalDate.parse(text), schema, type);
      case "time-millis": return new TimeConversions.TimeMillisConversion().toInt(LocalTime.parse(text), schema, type);
      case "time-micros": return new TimeConversions.TimeMicrosConversion().toLong(LocalTime.parse(text), schema, type);
      case "timestamp-millis": return new TimeConversions.TimestampMillisConversion().toLong(Instant.parse(text), schema, type);
      case "timestamp-micros": return new TimeConversions.TimestampMicrosConversion().toLong(Instant.parse(text), schema, type);
      case "timestamp-nanos": return nanosOf(Instant.parse(text));
      case "local-timestamp-millis": return new TimeConversions.LocalTimestampMillisConversion().toLong(LocalDateTime.parse(text), schema, type);
      case "local-timestamp-micros": return new TimeConversions.LocalTimestampMicrosConversion().toLong(LocalDateTime.parse(text), schema, type);
      case "local-timestamp-nanos": return nanosOf(LocalDateTime.parse(text).toInstant(ZoneOffset.UTC));
      default: throw new IllegalArgumentException(name);
    }
  }

  /** Avro's own conversion of 1.12.0 is a second off before 1970. */
  static long nanosOf(Instant time) {
    var seconds = BigInteger.valueOf(time.getEpochSecond()).multiply(BigInteger.valueOf(1_000_000_000));
    return seconds.add(BigInteger.valueOf(time.getNano())).longValueExact();
  }
}
