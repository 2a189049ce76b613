import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;

/** The state of a transactional id, by Kafka's own client: brokers, id. */
public class TransactionState {
    public static void main(String[] args) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[0]))) {
            System.out.print(
                    admin.describeTransactions(List.of(args[1])).description(args[1]).get().state());
        }
    }
}
