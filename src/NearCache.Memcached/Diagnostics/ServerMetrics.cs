namespace NearCache.Memcached.Diagnostics;

/// <summary>What happened to one server, counted.</summary>
internal sealed class ServerMetrics(MemcachedMetrics metrics, string server)
{
    private readonly KeyValuePair<string, object?> _server = new("server", server);

    public void Answered(int commands) => metrics.Operations.Add(commands, _server);

    public void Sent(int bytes) => metrics.Bytes.Add(bytes, _server, new KeyValuePair<string, object?>("direction", "sent"));

    public void Received(int bytes) => metrics.Bytes.Add(bytes, _server, new KeyValuePair<string, object?>("direction", "received"));

    public void Connected()
    {
        metrics.Connects.Add(1, _server, new KeyValuePair<string, object?>("outcome", "connected"));
        metrics.Connections.Add(1, _server);
    }

    public void ConnectFailed(string outcome) => metrics.Connects.Add(1, _server, new KeyValuePair<string, object?>("outcome", outcome));

    public void Disconnected(string? reason)
    {
        metrics.Connections.Add(-1, _server);
        if (reason is not null)
        {
            metrics.Lost.Add(1, _server, new KeyValuePair<string, object?>("reason", reason));
        }
    }

    public void TimedOut() => Failed("timeout");

    public void Failed(string reason) => metrics.Failures.Add(1, _server, new KeyValuePair<string, object?>("reason", reason));
}
