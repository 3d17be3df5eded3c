namespace NearCache.Memcached;

/// <summary>Something went wrong between this client and a memcached server, or the server refused. The leaves say what.</summary>
public abstract class MemcachedException : Exception
{
    private protected MemcachedException(
        string message, string? server, string? operation, bool isTransient, bool outcomeUnknown, Exception? cause)
        : base(message, cause) => (Server, Operation, IsTransient, OutcomeUnknown) = (server, operation, isTransient, outcomeUnknown);

    /// <summary>The server's name as configured, for instance <c>cache-1:11211</c>; null if there is no one server.</summary>
    public string? Server { get; }

    /// <summary>What was asked for, for instance <c>get</c>, <c>set</c> or <c>group</c>; null when nothing was.</summary>
    public string? Operation { get; }

    /// <summary>Whether the same call may succeed when it is made again.</summary>
    public bool IsTransient { get; }

    /// <summary>
    /// Whether the server may have carried out, or may still carry out, what was asked for. False: it certainly has not and will not.
    /// </summary>
    public bool OutcomeUnknown { get; }
}
