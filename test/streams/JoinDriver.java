import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.ValueJoiner;

/**
 * Joins streams of records as Kafka Streams does, in its own test driver.
 *
 * <p>Standard input has a stream a line: {"kind": "inner" | "left", "store": "rocksDB" | "in_memory", "beforeMs", "afterMs",
 * "graceMs", "records": [{"side": 0 | 1, "key": text or null, "time": ms, "id": text or null}]}. Standard output has its rows, in
 * their order: [{"key", "time": ms, "left": id, "right": id or null, "after": which record brought it}].
 */
public final class JoinDriver {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ValueJoiner<String, String, String> PAIR = (left, right) -> left + " " + (right == null ? "" : right);

  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createTempDirectory("stream-enricher-streams-");
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line; (line = lines.readLine()) != null; ) {
      System.out.println(rowsOf(JSON.readTree(line), folder));
    }
    Files.deleteIfExists(folder);
  }

  private static ArrayNode rowsOf(JsonNode stream, Path folder) {
    ArrayNode rows = JSON.createArrayNode();
    var text = new StringSerializer();
    var ofText = new StringDeserializer();
    // Closing the driver deletes what its stores have written.
    try (var driver = new TopologyTestDriver(topologyOf(stream), settings(stream, folder))) {
      var topics = java.util.List.of(driver.createInputTopic("left", text, text), driver.createInputTopic("right", text, text));
      var joined = driver.createOutputTopic("joined", ofText, ofText);
      int after = 0;
      for (JsonNode record : stream.get("records")) {
        TestInputTopic<String, String> topic = topics.get(record.get("side").asInt());
        topic.pipeInput(record.get("key").textValue(), record.get("id").textValue(), record.get("time").asLong());
        for (var row : joined.readRecordsToList()) {
          String[] pair = row.value().split(" ", -1);
          ObjectNode written = rows.addObject().put("key", row.key()).put("time", row.timestamp());
          written.put("left", pair[0]).put("right", pair[1].isEmpty() ? null : pair[1]).put("after", after);
        }
        after++;
      }
    }
    return rows;
  }

  private static Topology topologyOf(JsonNode stream) {
    var builder = new StreamsBuilder();
    KStream<String, String> left = builder.stream("left");
    KStream<String, String> right = builder.stream("right");
    Duration grace = millis(stream, "graceMs");
    // The larger direction first: a window may be empty in neither step.
    JoinWindows windows =
        JoinWindows.ofTimeDifferenceAndGrace(Duration.ZERO, grace).before(millis(stream, "beforeMs")).after(millis(stream, "afterMs"));
    boolean isLeft = stream.get("kind").asText().equals("left");
    KStream<String, String> joined = isLeft ? left.leftJoin(right, PAIR, windows) : left.join(right, PAIR, windows);
    joined.to("joined");
    return builder.build();
  }

  private static Properties settings(JsonNode stream, Path folder) {
    var settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "oracle");
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    settings.put(StreamsConfig.DEFAULT_DSL_STORE_CONFIG, stream.get("store").asText());
    settings.put(StreamsConfig.STATE_DIR_CONFIG, folder.toString());
    return settings;
  }

  private static Duration millis(JsonNode stream, String name) {
    return Duration.ofMillis(stream.get(name).asLong());
  }
}
