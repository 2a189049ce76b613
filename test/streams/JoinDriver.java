import static java.nio.charset.StandardCharsets.UTF_8;

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
import java.util.ArrayList;
import java.util.Properties;
import org.apache.kafka.common.header.internals.RecordHeaders;
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
import org.apache.kafka.streams.test.TestRecord;

/**
 * Joins streams of records as Kafka Streams does, in its own test driver.
 *
 * <p>Standard input has a stream a line: {"store": "rocksDB" | "in_memory", "joins": [{"kind": "inner" | "left" | "right" | "outer",
 * "beforeMs", "afterMs", "graceMs"}], "records": [{"side": 0 for the left stream, n for the right one of the n-th join, "key": text or
 * null, "time": ms, "id": text or null}]}. Standard output has its rows, in their order: [{"key", "time": ms, "ids": by side, id or
 * null, "headers": the record whose headers it has}]. What comes out of a join is the left stream of the next, which has no record
 * without a left part: a right or outer join stands alone.
 */
public final class JoinDriver {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ValueJoiner<String, String, String> PAIR = (left, right) -> text(left) + " " + text(right);

  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createTempDirectory("stream-enricher-streams-");
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, UTF_8));
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
      var topics = new ArrayList<TestInputTopic<String, String>>();
      for (int side = 0; side <= stream.get("joins").size(); side++) {
        topics.add(driver.createInputTopic("side" + side, text, text));
      }
      var joined = driver.createOutputTopic("joined", ofText, ofText);
      int index = 0;
      for (JsonNode record : stream.get("records")) {
        String key = record.get("key").textValue();
        String id = record.get("id").textValue();
        var headers = new RecordHeaders().add("record", String.valueOf(index++).getBytes(UTF_8));
        topics.get(record.get("side").asInt()).pipeInput(new TestRecord<>(key, id, headers, record.get("time").asLong()));
      }
      for (var row : joined.readRecordsToList()) {
        ObjectNode written = rows.addObject().put("key", row.key()).put("time", row.timestamp());
        ArrayNode ids = written.putArray("ids");
        for (String id : row.value().split(" ", -1)) ids.add(id.isEmpty() ? null : id);
        written.put("headers", new String(row.headers().lastHeader("record").value(), UTF_8));
      }
    }
    return rows;
  }

  private static Topology topologyOf(JsonNode stream) {
    var builder = new StreamsBuilder();
    KStream<String, String> joined = builder.stream("side0");
    int side = 1;
    for (JsonNode join : stream.get("joins")) joined = joined(join, joined, builder.stream("side" + side++));
    joined.to("joined");
    return builder.build();
  }

  private static KStream<String, String> joined(JsonNode join, KStream<String, String> left, KStream<String, String> right) {
    Duration before = millis(join, "beforeMs");
    Duration after = millis(join, "afterMs");
    JoinWindows base = JoinWindows.ofTimeDifferenceAndGrace(Duration.ZERO, millis(join, "graceMs"));
    JoinWindows windows = base.before(before).after(after);
    return switch (join.get("kind").asText()) {
      case "inner" -> left.join(right, PAIR, windows);
      case "left" -> left.leftJoin(right, PAIR, windows);
      // There is no right join: it is a left one with the sides exchanged.
      case "right" -> right.leftJoin(left, (r, l) -> PAIR.apply(l, r), base.before(after).after(before));
      default -> left.outerJoin(right, PAIR, windows);
    };
  }

  private static String text(String id) {
    return id == null ? "" : id;
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

  private static Duration millis(JsonNode join, String name) {
    return Duration.ofMillis(join.get(name).asLong());
  }
}
