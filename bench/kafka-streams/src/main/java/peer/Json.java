package peer;

import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Records as JSON by Jackson's data binding, each with the reader and writer that it advises to keep. */
final class Json {
  private static final ObjectMapper MAPPER =
      new ObjectMapper()
          .setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .setVisibility(PropertyAccessor.FIELD, Visibility.ANY);

  private Json() {}

  static <T> Wire<T> wire(Class<T> type) {
    ObjectWriter writer = MAPPER.writerFor(type);
    ObjectReader reader = MAPPER.readerFor(type);
    return new Wire<>(
        v -> {
          try {
            return writer.writeValueAsBytes(v);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        },
        b -> {
          try {
            return reader.readValue(b);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }
}
