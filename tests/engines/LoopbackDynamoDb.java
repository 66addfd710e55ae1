import com.amazonaws.services.dynamodbv2.local.server.LocalDynamoDBRequestHandler;
import com.amazonaws.services.dynamodbv2.local.server.LocalDynamoDBServerHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/**
 * DynamoDB Local in memory, on a free port of the loopback interface.
 *
 * <p>Its own main class listens on every interface, and reports its start to Amazon even with -disableTelemetry.
 *
 * <p>Writes the port as the first line on standard output, and ends when standard input does: so it never outlives the
 * process that started it, however that ends.
 */
public final class LoopbackDynamoDb {
    public static void main(String[] arguments) throws Exception {
        var anyPort = new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0);
        var server = new Server(anyPort);
        var inMemory = new LocalDynamoDBRequestHandler(0, true, null, /* sharedDb */ false, /* delays */ false);
        server.setHandler(new LocalDynamoDBServerHandler(inMemory, /* cors */ null));
        server.start();
        System.out.println(((ServerConnector) server.getConnectors()[0]).getLocalPort());
        while (System.in.read() >= 0) {}
        Runtime.getRuntime().halt(0);
    }
}
