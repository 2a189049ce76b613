import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** The lines of a records file (see records.ts). Its fields are separated by tabs, so that no parser is needed. */
final class Records {
    record Header(String name, byte[] value) {}

    /** @param end null for a record; else how what came before it ends */
    record Line(String end, byte[] key, byte[] value, long timestamp, List<Header> headers) {}

    static List<Line> read(String file) throws IOException {
        List<Line> lines = new ArrayList<>();
        for (String text : Files.readAllLines(Path.of(file))) {
            String[] fields = text.split("\t", -1);
            if (fields[0].equals("end")) {
                lines.add(new Line(fields[1], null, null, 0, List.of()));
                continue;
            }
            List<Header> headers = new ArrayList<>();
            for (int i = 4; i + 1 < fields.length; i += 2) headers.add(new Header(fields[i], bytes(fields[i + 1])));
            lines.add(new Line(null, bytes(fields[2]), bytes(fields[3]), Long.parseLong(fields[1]), headers));
        }
        return lines;
    }

    private static byte[] bytes(String field) {
        return field.equals("-") ? null : Base64.getDecoder().decode(field);
    }
}
