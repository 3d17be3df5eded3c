import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import org.apache.zookeeper.AsyncCallback;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;

/** What the benchmarks compare with: the distribution's own client. A command a line on standard input, an answer a line on standard output. */
public final class Comparison {
    private static final int DEPTH = 256;
    private static final byte[] DATA = new byte[100];

    public static void main(String[] args) throws Exception {
        ZooKeeper client = connect(args[0]);
        ZooKeeper other = connect(args[1]);
        if (client.exists("/java", false) == null) {
            client.create("/java", DATA, ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        }

        System.out.println("ready");
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] words = line.split(" ");
            double seconds = Double.parseDouble(words[1]);
            switch (words[0]) {
                case "set": System.out.println(pipelined(client, seconds, true)); break;
                case "get": System.out.println(pipelined(client, seconds, false)); break;
                case "sequential": System.out.println(sequential(client, seconds)); break;
                case "watch": System.out.println(watched(client, other, seconds)); break;
                default: throw new IllegalArgumentException(line);
            }
        }

        client.close();
        other.close();
    }

    private static ZooKeeper connect(String servers) throws Exception {
        CountDownLatch connected = new CountDownLatch(1);
        ZooKeeper client = new ZooKeeper(servers, 10000, event -> {
            if (event.getState() == Watcher.Event.KeeperState.SyncConnected) {
                connected.countDown();
            }
        });
        connected.await();
        return client;
    }

    private static double pipelined(ZooKeeper client, double seconds, boolean set) throws Exception {
        Semaphore places = new Semaphore(DEPTH);
        AsyncCallback.StatCallback wasSet = (rc, path, context, stat) -> places.release();
        AsyncCallback.DataCallback wasRead = (rc, path, context, data, stat) -> places.release();
        long start = System.nanoTime();
        long end = start + (long) (seconds * 1e9);
        long count = 0;
        for (; System.nanoTime() < end; count++) {
            places.acquire();
            if (set) {
                client.setData("/java", DATA, -1, wasSet, null);
            } else {
                client.getData("/java", false, wasRead, null);
            }
        }

        places.acquire(DEPTH);
        return count / ((System.nanoTime() - start) / 1e9);
    }

    private static String sequential(ZooKeeper client, double seconds) throws Exception {
        long[] taken = new long[1000000];
        int count = 0;
        long end = System.nanoTime() + (long) (seconds * 1e9);
        for (long now = System.nanoTime(); now < end && count < taken.length; now = System.nanoTime()) {
            client.setData("/java", DATA, -1);
            taken[count++] = System.nanoTime() - now;
        }

        return percentiles(taken, count);
    }

    private static String watched(ZooKeeper writer, ZooKeeper reader, double seconds) throws Exception {
        SynchronousQueue<byte[]> read = new SynchronousQueue<>();
        Watcher[] watcher = new Watcher[1];
        AsyncCallback.DataCallback wasRead = (rc, path, context, data, stat) -> {
            try {
                read.put(data);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        watcher[0] = event -> {
            if (event.getType() == Watcher.Event.EventType.NodeDataChanged) {
                reader.getData("/java", watcher[0], wasRead, null);
            }
        };
        reader.getData("/java", watcher[0], null);
        long[] taken = new long[1000000];
        int count = 0;
        long end = System.nanoTime() + (long) (seconds * 1e9);
        for (long now = System.nanoTime(); now < end && count < taken.length; now = System.nanoTime()) {
            writer.setData("/java", DATA, -1, (rc, path, context, stat) -> { }, null);
            read.take();
            taken[count++] = System.nanoTime() - now;
        }

        // The last watch is set and belongs to this run: let it fire before the next one begins.
        writer.setData("/java", DATA, -1);
        read.take();
        reader.removeAllWatches("/java", Watcher.WatcherType.Data, true);
        return percentiles(taken, count);
    }

    private static String percentiles(long[] taken, int count) {
        Arrays.sort(taken, 0, count);
        return taken[count / 2] / 1e3 + " " + taken[(int) (count * 0.99)] / 1e3;
    }
}
