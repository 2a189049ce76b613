import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;

/** mongo-java-server on 127.0.0.1 and the port of the first argument; its own main class knows one port only. */
class MongoStandIn {
  public static void main(String[] args) {
    new MongoServer(new MemoryBackend()).bind("127.0.0.1", Integer.parseInt(args[0]));
  }
}
