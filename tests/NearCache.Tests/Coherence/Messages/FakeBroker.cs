using NearCache.Brokers;

namespace NearCache.Tests.Coherence.Messages;

/// <summary>A broker in the process, which a test can take away, block, silence, or publish to.</summary>
internal sealed class FakeBroker
{
    private readonly Lock _lock = new();   // guards the list
    private readonly List<Connection> _connections = [];

    /// <summary>Gets or sets whether it refuses connections.</summary>
    public bool IsAway { get; set; }

    /// <summary>Gets or sets whether it confirms messages and delivers none.</summary>
    public bool LosesMessages { get; set; }

    /// <summary>Gets or sets why it accepts no messages.</summary>
    public string? Blocked { get; set; }

    /// <summary>Gets or sets whether it delivers each message twice.</summary>
    public bool DeliversTwice { get; set; }

    /// <summary>Gets or sets whether closing a connection fails.</summary>
    public bool FailsToClose { get; set; }

    /// <summary>Gets or sets what runs when a process publishes, on its thread.</summary>
    public Action? OnPublish { get; set; }

    /// <summary>Gets every message that was published.</summary>
    public List<byte[]> Published { get; } = [];

    /// <summary>Gets the number of attempts to connect.</summary>
    public int Attempts { get; private set; }

    public int Connections
    {
        get
        {
            lock (_lock)
            {
                return _connections.Count;
            }
        }
    }

    /// <summary>Returns the broker as a process uses it.</summary>
    public IMessageBroker ForProcess(string name = "Fake") => new Client(this, name);

    /// <summary>Ends every connection.</summary>
    public void Drop()
    {
        foreach (var connection in Snapshot())
        {
            connection.End("it was dropped");
        }
    }

    /// <summary>Leaves every connection open, and delivers nothing through them any more.</summary>
    public void Unbind()
    {
        foreach (var connection in Snapshot())
        {
            connection.IsUnbound = true;
        }
    }

    /// <summary>Delivers a message to every process.</summary>
    public void Publish(byte[] message)
    {
        lock (_lock)
        {
            Published.Add(message);
        }

        for (var time = 0; !LosesMessages && time < (DeliversTwice ? 2 : 1); time++)
        {
            foreach (var connection in Snapshot())
            {
                connection.Deliver(message);
            }
        }
    }

    private Connection[] Snapshot()
    {
        lock (_lock)
        {
            return [.. _connections];
        }
    }

    private sealed class Client(FakeBroker broker, string name) : IMessageBroker
    {
        public string Name => name;

        public Task<IBrokerConnection> ConnectAsync(BrokerSubscription subscription, CancellationToken cancellationToken)
        {
            broker.Attempts++;
            if (broker.IsAway)
            {
                throw new InvalidOperationException("nothing listens");
            }

            var connection = new Connection(broker, subscription);
            lock (broker._lock)
            {
                broker._connections.Add(connection);
            }

            return Task.FromResult<IBrokerConnection>(connection);
        }
    }

    private sealed class Connection(FakeBroker broker, BrokerSubscription subscription) : IBrokerConnection
    {
        private readonly Lock _delivering = new();
        private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public BrokerConnectionInfo? Info => null;

        public Task<string> Ended => _ended.Task;

        public string? Blocked => broker.Blocked;

        public bool IsUnbound { get; set; }

        public void End(string reason) => _ended.TrySetResult(reason);

        public void Deliver(byte[] message)
        {
            lock (_delivering)
            {
                if (!IsUnbound)
                {
                    subscription.Receive(message);
                }
            }
        }

        public Task PublishAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
        {
            if (_ended.Task.IsCompleted)
            {
                throw new InvalidOperationException("not connected");
            }

            broker.OnPublish?.Invoke();
            broker.Publish(message.ToArray());
            return Task.CompletedTask;
        }

        public void Dispose() => End("disposed");

        public ValueTask DisposeAsync()
        {
            End("disposed");
            lock (broker._lock)
            {
                broker._connections.Remove(this);
            }

            return broker.FailsToClose ? throw new InvalidOperationException("the channel is closed") : ValueTask.CompletedTask;
        }
    }
}
