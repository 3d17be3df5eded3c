// Latencies are measured here, with a JVM for each ZooKeeper: two tests at once would measure each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
